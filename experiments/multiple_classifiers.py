"""Several classifiers in the loss: detection by held-out ones against their number.

StyleGAN2, MobileNetV2: an instance learns only a part of the artefacts, so that fooling one fools
held-out instances only half the time; about 10 instances in the loss suffice to fool them. No table
is given.

    python -m experiments.multiple_classifiers --preset=paper --dataset=records --data_dir=ffhq256
"""

import dataclasses
from typing import ClassVar

from gan_knowledge_gaps.experiments.curve import Curve
from gan_knowledge_gaps.experiments.fooling import Fooling
from gan_knowledge_gaps.experiments.running import main
from gan_knowledge_gaps.experiments.shown import multiple_classifiers as shown
from gan_knowledge_gaps.experiments.sizes import (
    CNNS,
    NODE_FOOLING,
    ONE,
    Architecture,
    FoolingGANs,
    Phi,
    Populations,
)
from gan_knowledge_gaps.lab.specs import GAN


@dataclasses.dataclass(frozen=True, kw_only=True)
class MultipleClassifiersConfig(Populations, FoolingGANs, Phi, Architecture):
    """Size of the experiment.

    Attributes:
        classifiers: Most classifiers in a loss; about 10 suffice in the paper.
        step: The numbers of classifiers are 1, 1 + step ... (not fixed by the paper).
        architecture: Architecture of the classifiers; mobilenet_v2 in the paper.
    """

    called: ClassVar = {"fooling_gans": "GANs for each number of classifiers", "step": ""}
    classifiers: int = 10
    step: int = 1
    architecture: str = "mobilenet_v2"


class MultipleClassifiers(Fooling):
    """Detection by held-out classifiers against the number of classifiers in the loss."""

    config: MultipleClassifiersConfig
    name = "multiple_classifiers"
    title = "Several classifiers of one architecture in the loss"
    question = "How many classifiers must a GAN fool to fool held-out ones of their architecture?"
    presets: ClassVar = {
        "stylegan2": {
            "quick": MultipleClassifiersConfig(
                **ONE, classifiers=3, step=2, fooling_gans=1, phi=1.0
            ),
            "reduced": MultipleClassifiersConfig(
                **CNNS, classifiers=4, step=1, fooling_gans=2, phi=0.1
            ),
            "node": MultipleClassifiersConfig(**NODE_FOOLING, step=3),
            "paper": MultipleClassifiersConfig(),
        }
    }

    def groups(self) -> dict[int, tuple[GAN, ...]]:
        """The GANs that fool the first k classifiers."""
        numbers = range(1, self.config.classifiers + 1, self.config.step)
        return {k: self.fool(self.base.classifiers[:k], self.config.phi) for k in numbers}

    def shape(self) -> Curve:
        return shown.shape(self)


if __name__ == "__main__":
    main(MultipleClassifiers)
