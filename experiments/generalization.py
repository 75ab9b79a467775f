"""Classifier generalization: detection of held-out GANs against the number of GANs trained on.

DCGAN: one generator is enough for good generalization, more than one for almost perfect
generalization. StyleGAN2: several are needed, whatever the classifier's architecture. The paper
(slides) shows a curve and gives no numbers.

    python -m experiments.generalization --preset=paper --dataset=mnist
"""

import dataclasses
from typing import ClassVar

from gan_knowledge_gaps.experiments.curve import Curve
from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.population import make_gans, seeds
from gan_knowledge_gaps.experiments.running import main
from gan_knowledge_gaps.experiments.shown import generalization as shown
from gan_knowledge_gaps.experiments.sizes import DETECTORS, NODE_POOL, Architectures
from gan_knowledge_gaps.lab.specs import Classifier


@dataclasses.dataclass(frozen=True, kw_only=True)
class GeneralizationConfig(Architectures):
    """Size of the generalization experiment.

    Attributes:
        largest_pool: Largest number n of GANs that a classifier is trained on; 15 in the paper.
        held_out_gans: GANs that no classifier is trained on (not fixed by the paper).
        classifiers: Classifiers of each architecture for each n (not fixed by the paper).
            Classifier k is trained on GANs k, k + 1 ... k + n - 1 of the pool, counted in a circle,
            so that the spread at n = 1 is that of GANs as well as of classifiers.
        architectures: Of the classifiers, separated by commas; cnn in the paper's DCGAN setting,
            the three others in its StyleGAN2 setting.
    """

    called: ClassVar = {"classifiers": "classifiers for each n", "largest_pool": ""}
    largest_pool: int = 15
    held_out_gans: int = 10
    classifiers: int = 5
    architectures: str = "cnn"


class Generalization(Experiment):
    """Detection of held-out GANs against n."""

    config: GeneralizationConfig
    name = "generalization"
    title = "Classifier generalization against the number of GANs in the pool"
    question = "How many GANs must a classifier be trained on to detect GANs it has never seen?"
    presets: ClassVar = {
        "dcgan": {
            "quick": GeneralizationConfig(largest_pool=3, held_out_gans=2, classifiers=3),
            "reduced": GeneralizationConfig(largest_pool=5, held_out_gans=4, classifiers=4),
            "node": GeneralizationConfig(),
            "paper": GeneralizationConfig(),
        },
        "stylegan2": {
            "quick": GeneralizationConfig(
                largest_pool=2, held_out_gans=1, classifiers=1, architectures=DETECTORS
            ),
            "reduced": GeneralizationConfig(largest_pool=4, held_out_gans=4, classifiers=3),
            "node": GeneralizationConfig(**NODE_POOL, architectures=DETECTORS),
            "paper": GeneralizationConfig(architectures=DETECTORS),
        },
    }

    def build(self) -> None:
        """The GANs, and classifiers of each architecture for each n."""
        size, most = self.config, self.config.largest_pool
        gans = make_gans(self.setting, self.seed, 0, most + size.held_out_gans, **self.first)
        self.pool, self.held_out = gans[:most], gans[most:]
        self.classifiers = {
            (architecture, n): [
                Classifier(seed, (self.pool * 2)[k % most : k % most + n], architecture)
                for k, seed in enumerate(seeds(self.seed, 0, size.classifiers))
            ]
            for architecture in size.each_architecture
            for n in range(1, most + 1)
        }
        self.specs = [*self.held_out, *(c for each in self.classifiers.values() for c in each)]
        self.held_out_classifiers = []  # it is the GANs that are held out

    def shape(self) -> Curve:
        return shown.shape(self)


if __name__ == "__main__":
    main(Generalization)
