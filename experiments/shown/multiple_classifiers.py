"""How multiple_classifiers is shown: detection and quality against their number."""

from typing import TYPE_CHECKING

from gan_knowledge_gaps.experiments.curve import Curve, Measured
from gan_knowledge_gaps.experiments.shown import fooling

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.multiple_classifiers import MultipleClassifiers


def shape(experiment: "MultipleClassifiers") -> Curve:
    """Detection and quality for each number of classifiers."""
    return fooling.curve(
        experiment,
        title="Detection and quality against the number of classifiers in the loss",
        axis="classifiers in the loss",
        label="fools {}",
        summary=_summarize,
        quality={"none": experiment.base.all_gans}
        | {str(k): g for k, g in experiment.fooling.items()},
        notes=(
            "The classifiers in the loss are trained on the same GANs with other seeds; each "
            "adds its term with the weight phi, so that k of them weigh k times as much.",
        ),
    )


def _summarize(measured: Measured) -> str:
    held_out, in_loss, *_ = measured.values()
    *_, last = held_out
    text = (
        f"With one classifier in the loss it detects {in_loss[1].mean:.0%} of the GANs' images "
        f"and held-out classifiers {held_out[1].mean:.0%}"
    )
    if last == 1:
        return text + "."
    return (
        f"{text}; with {last}, these detect {in_loss[last].mean:.0%} and held-out ones "
        f"{held_out[last].mean:.0%}."
    )
