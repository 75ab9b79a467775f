"""Table 1: GANs that fool one architecture, measured by held-out classifiers of each.

StyleGAN2 (iteration 1, phi 0.001): GANs trained to fool a ResNet-50 fool held-out ResNet-50s (0.05
detected), and less so Inception-v3 (0.51) and MobileNetV2 (0.31). With Inception-v3 in the loss the
effect is slightly diminished (0.16 on its own kind), with MobileNetV2 highly (0.41).

    python -m experiments.cross_architecture --preset=paper --dataset=records --data_dir=ffhq256 \\
        --inception=inception-2015-12-05.tgz
"""

import dataclasses
from typing import ClassVar

from gan_knowledge_gaps.experiments.fooling import Fooling
from gan_knowledge_gaps.experiments.matrix import Matrix
from gan_knowledge_gaps.experiments.running import main
from gan_knowledge_gaps.experiments.shown import cross_architecture as shown
from gan_knowledge_gaps.experiments.sizes import (
    FOUR,
    NODE_FOOLING,
    ONE,
    Architectures,
    FoolingGANs,
    Phi,
    Populations,
)
from gan_knowledge_gaps.lab.specs import GAN


@dataclasses.dataclass(frozen=True, kw_only=True)
class CrossArchitectureConfig(Populations, FoolingGANs, Phi, Architectures):
    """Size of the experiment; GANs that fool, and classifiers, are so many per architecture."""

    called: ClassVar = {
        "classifiers": "classifiers of each architecture in the loss",
        "held_out_classifiers": "held-out classifiers of each architecture",
        "fooling_gans": "GANs for each architecture that is fooled",
    }


class CrossArchitecture(Fooling):
    """Which architecture is fooled by GANs that were trained to fool which."""

    config: CrossArchitectureConfig
    name = "cross_architecture"
    title = "Fooling across architectures (Table 1)"
    question = "Do GANs that fool classifiers of one architecture fool those of another?"
    presets: ClassVar = {
        "stylegan2": {
            "quick": CrossArchitectureConfig(**ONE, fooling_gans=1, phi=1.0),
            "reduced": CrossArchitectureConfig(**FOUR, fooling_gans=2, phi=1.0),
            "node": CrossArchitectureConfig(**NODE_FOOLING),
            "paper": CrossArchitectureConfig(),
        }
    }

    def groups(self) -> dict[str, tuple[GAN, ...]]:
        """The GANs that fool each architecture."""
        phi = self.config.phi
        return {name: self.fool(base.classifiers, phi) for name, base in self.bases.items()}

    def shape(self) -> Matrix:
        return shown.shape(self)


if __name__ == "__main__":
    main(CrossArchitecture)
