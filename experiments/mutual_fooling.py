"""Mutual fooling: which classifier instances are fooled by a GAN that was trained to fool another.

StyleGAN2, MobileNetV2: classifier instances form mutually fooling clusters, inside of which they
share artefacts. In the matrix of ten instances, #0 to #5 and #6 to #9 are set apart.

    python -m experiments.mutual_fooling --preset=paper --dataset=records --data_dir=ffhq256
"""

import dataclasses
from typing import ClassVar

from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.matrix import Matrix
from gan_knowledge_gaps.experiments.population import make_classifiers, make_gans
from gan_knowledge_gaps.experiments.running import main
from gan_knowledge_gaps.experiments.shown import mutual_fooling as shown
from gan_knowledge_gaps.experiments.sizes import CNN, Architecture, FoolingGANs, Phi
from gan_knowledge_gaps.lab.specs import GAN


@dataclasses.dataclass(frozen=True, kw_only=True)
class MutualFoolingConfig(FoolingGANs, Phi, Architecture):
    """Size of the experiment.

    Attributes:
        classifiers: Classifiers, each of which is fooled by GANs of its own; 10 in the paper.
        gans: GANs that the classifiers are trained on; 15 in the paper's example.
        fooling_gans: GANs for each classifier (not fixed by the paper).
        architecture: Architecture of the classifiers; mobilenet_v2 in the paper.
    """

    least: ClassVar = {"classifiers": 2}
    called: ClassVar = {"fooling_gans": "GANs for each classifier"}
    classifiers: int = 10
    gans: int = 15
    fooling_gans: int = 1
    architecture: str = "mobilenet_v2"


class MutualFooling(Experiment):
    """The matrix of classifiers against GANs that fool one of them, and its clusters."""

    config: MutualFoolingConfig
    name = "mutual_fooling"
    title = "Mutual fooling of classifier instances of one architecture"
    question = "Does a GAN that fools one classifier instance fool the others?"
    presets: ClassVar = {
        "stylegan2": {
            "quick": MutualFoolingConfig(classifiers=3, gans=1, phi=1.0),
            "reduced": MutualFoolingConfig(**CNN, classifiers=5, gans=4, phi=0.1),
            "node": MutualFoolingConfig(gans=5),
            "paper": MutualFoolingConfig(),
        }
    }

    def build(self) -> None:
        """Classifiers of the same GANs, and GANs that fool one of them; the same seeds for each."""
        size = self.config
        self.gans = make_gans(self.setting, self.seed, 0, size.gans, **self.first)
        count, architecture = size.classifiers, size.architecture
        how = self.setting, self.seed, 1, size.fooling_gans
        self.classifiers = make_classifiers(self.seed, 0, count, self.gans, architecture)
        self.fooling: dict[str, tuple[GAN, ...]] = {
            f"#{k}": make_gans(*how, fools=[each], phi=size.phi, **self.after(self.gans))
            for k, each in enumerate(self.classifiers)
        }
        self.specs = [*self.classifiers, *(gan for gans in self.fooling.values() for gan in gans)]
        self.held_out_classifiers = []  # every one is in the loss of some GAN

    def shape(self) -> Matrix:
        return shown.shape(self)


if __name__ == "__main__":
    main(MutualFooling)
