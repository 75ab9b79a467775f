"""Coefficient sweep: detection of GANs by held-out classifiers against the weight phi.

DCGAN, phi from 1e-7 to 1e5: generators are unable to fool held-out classifiers. As phi grows, the
output quality collapses and the variance of the detection accuracy increases. The paper shows a
curve and gives no numbers.

    python -m experiments.coefficient_sweep --preset=paper --dataset=mnist
    python -m experiments.coefficient_sweep --setting=stylegan2 --preset=reduced \\
        --dataset=records --data_dir=faces32
"""

import dataclasses
from functools import cached_property
from typing import ClassVar

from experiments.curve import Curve, Measured
from experiments.experiment import paper_claim
from experiments.fooling import Fooling
from experiments.measurements import loss_table
from experiments.population import Shown
from experiments.running import main
from experiments.sizes import Architecture, FoolingGANs, Populations
from experiments.specs import GAN
from training.config import check_at_least, check_at_most


@dataclasses.dataclass(frozen=True)
class SweepConfig(Populations, FoolingGANs, Architecture):
    """Size of the coefficient sweep.

    Attributes:
        lowest_exponent: The smallest phi is 10 to this power; -7 in the paper.
        highest_exponent: The largest phi is 10 to this power; 5 in the paper.
        exponent_step: Decades from one phi to the next; 1 in the paper.
        architecture: Architecture of the classifiers; cnn in the paper, which sweeps phi for the
            DCGAN only.
    """

    least: ClassVar = {"lowest_exponent": -30, "highest_exponent": -30}
    called: ClassVar = {"fooling_gans": "GANs for each phi"}
    lowest_exponent: int = -7
    highest_exponent: int = 5
    exponent_step: int = 1
    architecture: str = "cnn"

    def __post_init__(self):
        super().__post_init__()
        check_at_most(self, lowest_exponent=30, highest_exponent=30)
        check_at_least(self, highest_exponent=self.lowest_exponent)

    @property
    def phis(self) -> list[float]:
        """The weights, in ascending order."""
        exponents = range(self.lowest_exponent, self.highest_exponent + 1, self.exponent_step)
        return [10.0**exponent for exponent in exponents]


_TWO = SweepConfig(exponent_step=2, gans=2, held_out_gans=2, fooling_gans=2, held_out_classifiers=3)


_SETTING_NOTES = {
    "dcgan": (),
    "stylegan2": ("The paper sweeps phi for the DCGAN, and fixes it at 0.001 for StyleGAN2.",),
}


class CoefficientSweep(Fooling):
    """Detection and quality against phi."""

    name = "coefficient_sweep"
    title = "Detection by held-out classifiers against the weight phi"
    question = "Can GANs fool classifiers that are not in their loss, if only phi is high enough?"
    paper_claim = paper_claim(__doc__)
    presets: ClassVar = {
        "dcgan": {
            "quick": dataclasses.replace(
                _TWO, lowest_exponent=-3, highest_exponent=3, held_out_classifiers=2
            ),
            "reduced": _TWO,
            "paper": SweepConfig(),
        },
        "stylegan2": {
            "quick": SweepConfig(
                lowest_exponent=-3, highest_exponent=1, exponent_step=2, gans=1, held_out_gans=1,
                held_out_classifiers=1, fooling_gans=1, architecture="resnet50",
            ),
            "reduced": dataclasses.replace(
                _TWO, lowest_exponent=-5, highest_exponent=1, held_out_classifiers=2,
                architecture="resnet50",
            ),
            "paper": SweepConfig(architecture="resnet50"),
        },
    }  # fmt: skip

    @cached_property
    def fooling(self) -> dict[float, tuple[GAN, ...]]:
        """The GANs of each phi."""
        return {phi: self.fool(self.base.classifiers, phi) for phi in self.config.phis}

    def shape(self) -> Curve:
        """Detection and quality for each phi."""
        held_out, fooling = self.base.held_out_classifiers, self.fooling
        names = {phi: f"{phi:g}" for phi in fooling}
        return Curve(
            name="coefficient_sweep",
            title="Detection rate and quality against phi",
            caption="Fraction of generated images detected. The first column is of GANs with no "
            "classifier in their loss, measured by classifiers that were not trained on them.",
            column_label="phi",
            columns={None: "none", **names},
            curves=self.curves(),
            quality_along={None: self.base.all_gans, **fooling},
            summary=_summarize,
            draws_quality=True,
            figure_title="Detection and quality against phi",
            figure_caption="Detection rate of the GANs' images against the weight phi of the "
            "classifiers in their loss, and the quality of the images (lower is better).",
            xlabel="weight of the classifiers in the loss, phi",
            logx=True,
            classifiers={
                "held-out": self.base.held_out_shown, "in the loss": self.base.in_loss_shown
            },
            sources={
                "no classifier in the loss": self.base.held_out_shown,
                **{f"phi = {phi:g}": Shown(held_out, gans) for phi, gans in fooling.items()},
            },
            samples_of="A GAN, phi: {}",
            more_tables=[
                lambda lab: loss_table(lab, "phi", {names[phi]: fooling[phi] for phi in fooling})
            ],
            notes=(
                "The GANs of every phi share their seeds, so that only phi differs between them.",
                *_SETTING_NOTES[self.setting],
            ),
        )  # fmt: skip


def _summarize(measured: Measured) -> str:
    held_out, in_loss, quality, *_ = measured.values()
    _, low, *_ = held_out
    *_, high = held_out
    return (
        f"Without a classifier in the loss, held-out classifiers detect {held_out[None].mean:.0%} "
        f"of the images. At phi = {low:g} they detect {held_out[low].mean:.0%} and the classifiers "
        f"in the loss {in_loss[low].mean:.0%}; at phi = {high:g} {held_out[high].mean:.0%} and "
        f"{in_loss[high].mean:.0%}. The spread of the held-out rate over instances goes from "
        f"{held_out[low].std:.2f} to {held_out[high].std:.2f}, the Fréchet distance from "
        f"{quality[low].mean:.1f} to {quality[high].mean:.1f} ({quality[None].mean:.1f} without)."
    )


if __name__ == "__main__":
    main(CoefficientSweep)
