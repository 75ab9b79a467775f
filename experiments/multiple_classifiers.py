"""Several classifiers in the loss: detection by held-out ones against their number.

StyleGAN2, MobileNetV2: an instance learns only a part of the artefacts, so that fooling one fools
held-out instances only half the time; about 10 instances in the loss suffice to fool them. No table
is given.

    python -m experiments.multiple_classifiers --preset=paper --dataset=records --data_dir=ffhq256
"""

import dataclasses
from functools import cached_property
from typing import ClassVar

from experiments.curve import Curve, Measured
from experiments.experiment import paper_claim
from experiments.fooling import Fooling
from experiments.population import Shown
from experiments.running import main
from experiments.sizes import Architecture, FoolingGANs, Phi, Populations
from experiments.specs import GAN


@dataclasses.dataclass(frozen=True)
class MultipleClassifiersConfig(Populations, FoolingGANs, Phi, Architecture):
    """Size of the experiment.

    Attributes:
        classifiers: Most classifiers in a loss; about 10 suffice in the paper.
        step: The numbers of classifiers are 1, 1 + step ... up to the most (not fixed by the
            paper).
        architecture: Architecture of the classifiers; mobilenet_v2 in the paper.
    """

    called: ClassVar = {"fooling_gans": "GANs for each number of classifiers"}
    classifiers: int = 10
    step: int = 1
    architecture: str = "mobilenet_v2"


class MultipleClassifiers(Fooling):
    """Detection by held-out classifiers against the number of classifiers in the loss."""

    name = "multiple_classifiers"
    title = "Several classifiers of one architecture in the loss"
    question = "How many classifiers must a GAN fool to fool held-out ones of their architecture?"
    paper_claim = paper_claim(__doc__)
    presets: ClassVar = {
        "stylegan2": {
            "quick": MultipleClassifiersConfig(
                classifiers=3, step=2, gans=1, held_out_gans=1, held_out_classifiers=1,
                fooling_gans=1, phi=1.0,
            ),
            "reduced": MultipleClassifiersConfig(
                classifiers=5, step=2, gans=2, held_out_gans=2, held_out_classifiers=2,
                fooling_gans=2, phi=0.1,
            ),
            "paper": MultipleClassifiersConfig(),
        }
    }  # fmt: skip

    @cached_property
    def fooling(self) -> dict[int, tuple[GAN, ...]]:
        """The GANs that fool the first k classifiers."""
        numbers = range(1, self.config.classifiers + 1, self.config.step)
        return {k: self.fool(self.base.classifiers[:k], self.config.phi) for k in numbers}

    def shape(self) -> Curve:
        """Detection and quality for each number of classifiers."""
        base, fooling = self.base, self.fooling
        along = {None: base.all_gans, **fooling}
        names = {None: "none", **{k: str(k) for k in fooling}}
        return Curve(
            name="multiple_classifiers",
            title="Detection and quality against the number of classifiers in the loss",
            caption="Fraction of generated images detected. In the first column no GAN fools a "
            "classifier, and none is measured by a classifier that was trained on it.",
            column_label="classifiers in the loss",
            columns=names,
            curves=self.curves(),
            quality_along=along,
            summary=_summarize,
            figure_title="Detection against the number of classifiers in the loss",
            figure_caption="Detection rate of the GANs' images against the number of classifiers "
            "in their loss.",
            xlabel="classifiers in the loss",
            quality={names[k]: gans for k, gans in along.items()},
            classifiers={"held-out": base.held_out_shown, "in the loss": base.in_loss_shown},
            sources={
                f"fools {k}": Shown(base.held_out_classifiers, gans) for k, gans in fooling.items()
            },
            samples_of="A GAN, classifiers in the loss: {}",
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


if __name__ == "__main__":
    main(MultipleClassifiers)
