"""Coefficient sweep: detection of GANs by held-out classifiers against the weight phi.

DCGAN, phi from 1e-7 to 1e5: generators are unable to fool held-out classifiers. As phi grows, the
output quality collapses and the variance of the detection accuracy increases. The paper shows a
curve and gives no numbers.

    python -m experiments.coefficient_sweep --preset=paper --dataset=mnist
    python -m experiments.coefficient_sweep --setting=stylegan2 --preset=reduced \\
        --dataset=records --data_dir=faces32
"""

import dataclasses
from typing import ClassVar

from experiments.curve import Curve, Measured
from experiments.fooling import Fooling
from experiments.measurements import loss_table
from experiments.running import main
from experiments.sizes import ONE, TWO, Architecture, FoolingGANs, Populations
from lab.specs import GAN
from training.config import check_at_least, check_at_most


@dataclasses.dataclass(frozen=True, kw_only=True)
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
    called: ClassVar = {
        "fooling_gans": "GANs for each phi",
        **dict.fromkeys(("lowest_exponent", "highest_exponent", "exponent_step"), ""),
    }
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


class CoefficientSweep(Fooling):
    """Detection and quality against phi."""

    name = "coefficient_sweep"
    title = "Detection by held-out classifiers against the weight phi"
    question = "Can GANs fool classifiers that are not in their loss, if only phi is high enough?"
    presets: ClassVar = {
        "dcgan": {
            "quick": SweepConfig(
                **TWO, fooling_gans=2, lowest_exponent=-3, highest_exponent=3, exponent_step=2
            ),
            "reduced": SweepConfig(
                **{**TWO, "held_out_classifiers": 3}, fooling_gans=2, exponent_step=2
            ),
            "paper": SweepConfig(),
        },
        "stylegan2": {
            "quick": SweepConfig(
                **ONE, fooling_gans=1, lowest_exponent=-3, highest_exponent=1, exponent_step=2,
                architecture="resnet50",
            ),
            "reduced": SweepConfig(
                **TWO, fooling_gans=2, lowest_exponent=-5, highest_exponent=1, exponent_step=2,
                architecture="resnet50",
            ),
            "paper": SweepConfig(architecture="resnet50"),
        },
    }  # fmt: skip

    def groups(self) -> dict[float, tuple[GAN, ...]]:
        """The GANs of each phi."""
        return {phi: self.fool(self.base.classifiers, phi) for phi in self.config.phis}

    def shape(self) -> Curve:
        """Detection and quality for each phi."""
        along = {f"{phi:g}": gans for phi, gans in self.fooling.items()}
        return self.curve(
            title="Detection rate and quality against phi",
            axis="phi",
            label="phi = {}",
            logx=True,
            draws_quality=True,
            summary=_summarize,
            more_sources={"no classifier in the loss": self.base.held_out_shown},
            more_tables=[lambda lab: loss_table(lab, "phi", along)],
            notes=(
                "The GANs of every phi share their seeds, so that only phi differs between them.",
                "The paper sweeps phi for the DCGAN, and fixes it at 0.001 for StyleGAN2.",
            ),
        )


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
