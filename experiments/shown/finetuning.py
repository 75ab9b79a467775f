"""How finetuning is shown: detection and quality along it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gan_knowledge_gaps.experiments.curve import Curve, Measured, Point
from gan_knowledge_gaps.experiments.population import Shown
from gan_knowledge_gaps.lab.specs import ImageSource

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.finetuning import Finetuning


def shape(experiment: "Finetuning") -> Curve:
    """Detection and quality along the finetuning; GANs of iteration 1 from scratch beside."""
    first, second = experiment.iterations
    groups = {
        "held-out classifiers of iteration 0": first.held_out_classifiers,
        "held-out classifiers of iteration 1": second.held_out_classifiers,
        "the classifiers in the loss": first.classifiers,
    }
    along: dict[Point, Sequence[ImageSource]] = {**experiment.stages, None: second.gans}
    return Curve(
        name=experiment.name,
        title="Detection and quality along the finetuning",
        caption="Fraction of generated images detected, after shares of the finetuning; last, "
        "GANs of iteration 1 that were trained from scratch.",
        axis="share of the finetuning",
        columns={at: "iteration 1" if at is None else f"{at:.0%}" for at in along},
        curves={
            name: {at: [Shown(who, gans)] for at, gans in along.items()}
            for name, who in groups.items()
        },
        quality_along=along,
        summary=_summarize,
        quality={
            "before": experiment.stages[0.0],
            "finetuned": experiment.stages[1.0],
            "iteration 1, from scratch": second.gans,
        },
        classifiers={
            f"Iteration {n}, held-out": each.held_out_shown
            for n, each in enumerate(experiment.iterations)
        },
        notes=(
            "Finetuning begins with the networks, the averaged generator included, and fresh "
            "optimizers. The classifiers in the loss were trained on images of the GANs that "
            "are finetuned, among others; the held-out classifiers were not.",
        ),
    )


def _summarize(measured: Measured) -> str:
    (zero, of_zero), (one, of_one), *_ = measured.items()
    return (
        f"Along the finetuning, {zero} detect {of_zero[0.0].mean:.0%} of the images at its "
        f"beginning and {of_zero[1.0].mean:.0%} at its end; {one} {of_one[0.0].mean:.0%} and "
        f"{of_one[1.0].mean:.0%} (of GANs of iteration 1 from scratch, {of_zero[None].mean:.0%} "
        f"and {of_one[None].mean:.0%})."
    )
