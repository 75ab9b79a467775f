"""Coefficient sweep: detection of GANs by held-out classifiers against the weight phi.

DCGAN, phi from 1e-7 to 1e5: generators are unable to fool held-out classifiers. As phi grows, the
output quality collapses and the variance of the detection accuracy increases. The paper shows a
curve and gives no numbers.

    python -m experiments.coefficient_sweep --preset=paper --dataset=mnist
"""

import dataclasses
from typing import Any, ClassVar

from gan_knowledge_gaps.experiments import sizes
from gan_knowledge_gaps.experiments.curve import Curve
from gan_knowledge_gaps.experiments.fooling import Fooling
from gan_knowledge_gaps.experiments.running import main
from gan_knowledge_gaps.experiments.shown import coefficient_sweep as shown
from gan_knowledge_gaps.lab.specs import GAN
from gan_knowledge_gaps.training.config import check_at_least, check_at_most

_EXPONENTS = ("lowest_exponent", "highest_exponent", "exponent_step")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SweepConfig(sizes.Populations, sizes.FoolingGANs, sizes.Architecture):
    """Size of the coefficient sweep.

    Attributes:
        lowest_exponent: The smallest phi is 10 to this power; -7 in the paper.
        highest_exponent: The largest phi is 10 to this power; 5 in the paper.
        exponent_step: Decades from one phi to the next; 1 in the paper.
        architecture: Of the classifiers; the paper sweeps phi for the DCGAN and its cnn only.
    """

    least: ClassVar = {"lowest_exponent": -30, "highest_exponent": -30}
    called: ClassVar = {"fooling_gans": "GANs for each phi", **dict.fromkeys(_EXPONENTS, "")}
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


def _span(*exponents: int) -> dict[str, Any]:
    """From the lowest to the highest, every other decade unless the step is given."""
    return dict(zip(_EXPONENTS, (*exponents, 2), strict=False))


class CoefficientSweep(Fooling):
    """Detection and quality against phi."""

    config: SweepConfig
    name = "coefficient_sweep"
    title = "Detection by held-out classifiers against the weight phi"
    question = "Can GANs fool classifiers that are not in their loss, if only phi is high enough?"
    presets: ClassVar = {
        "dcgan": {
            "quick": SweepConfig(**sizes.TWO, **_span(-2, 2), fooling_gans=1),
            "reduced": SweepConfig(**sizes.THREE_HELD_OUT, **_span(-7, 5), fooling_gans=2),
            "node": SweepConfig(),
            "paper": SweepConfig(),
        },
        "stylegan2": {
            "quick": SweepConfig(**sizes.ONE, **_span(-2, 2), **sizes.RESNET, fooling_gans=1),
            "reduced": SweepConfig(**sizes.CNNS, **_span(-2, 1, 1), fooling_gans=2),
            "node": SweepConfig(**sizes.NODE, **_span(-5, 1, 1), **sizes.RESNET, fooling_gans=2),
            "paper": SweepConfig(**sizes.RESNET),
        },
    }

    def groups(self) -> dict[float, tuple[GAN, ...]]:
        """The GANs of each phi."""
        return {phi: self.fool(self.base.classifiers, phi) for phi in self.config.phis}

    def shape(self) -> Curve:
        return shown.shape(self)


if __name__ == "__main__":
    main(CoefficientSweep)
