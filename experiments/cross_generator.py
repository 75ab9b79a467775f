"""Detection across generators: classifiers of each generator, measured on every other.

The paper asks this of GANs that differ in their seeds: classifiers of StyleGAN2 need several of
them to detect others. Of generators of other kinds it reports nothing.

    python -m experiments.cross_generator --natural=photos --resolution=64 \\
        --generators=gan=gan.zip,diffusion=diffusion,ffhq=ffhq-64.pkl

It is the field's train-on by test-on matrix, of generators that the user has; only classifiers are
trained. See docs/generators.md.
"""

import dataclasses
from typing import ClassVar

from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.generators import define_sources, open_natural, open_sources
from gan_knowledge_gaps.experiments.matrix import Matrix
from gan_knowledge_gaps.experiments.population import seeds
from gan_knowledge_gaps.experiments.running import main
from gan_knowledge_gaps.experiments.shown import cross_generator as shown
from gan_knowledge_gaps.experiments.sizes import Architectures
from gan_knowledge_gaps.lab.config import IMAGES
from gan_knowledge_gaps.lab.specs import Classifier


@dataclasses.dataclass(frozen=True, kw_only=True)
class CrossGeneratorConfig(Architectures):
    """Size of the experiment.

    Attributes:
        classifiers: Classifiers of each architecture and pool of generators.
    """

    called: ClassVar = {"classifiers": "classifiers of each pool and architecture"}
    classifiers: int = 3
    architectures: str = "resnet50"


class CrossGenerator(Experiment):
    """Classifiers of one generator, of several, and of all but one, on every generator."""

    config: CrossGeneratorConfig
    name = "cross_generator"
    title = "Detection across generators"
    question = "Which generators does a classifier detect that it was not trained on?"
    paper_claim = ""  # the generators are the user's
    presets: ClassVar = {
        IMAGES: {
            "quick": CrossGeneratorConfig(classifiers=1, architectures="cnn"),
            "reduced": CrossGeneratorConfig(classifiers=2),
            "node": CrossGeneratorConfig(),
            "paper": CrossGeneratorConfig(),
        }
    }
    define_flags, dataset = staticmethod(define_sources), staticmethod(open_natural)

    def build(self) -> None:
        """Classifiers of n generators from the k-th on, counted in a circle, for every n and k."""
        self.sources = {source.name: source for source in open_sources()}
        circle, count = list(self.sources.values()) * 2, len(self.sources)
        self.classifiers = {
            (architecture, n, k): [
                Classifier(seed, circle[k : k + n], architecture)
                for seed in seeds(self.seed, 0, self.config.classifiers)
            ]
            for architecture in self.config.each_architecture
            for n in range(1, count)
            for k in range(count)
        }
        self.specs = [each for group in self.classifiers.values() for each in group]
        self.held_out_classifiers = []  # no generator here fools a classifier
        self.provenance = [source.digest for source in self.sources.values()]

    def shape(self) -> Matrix:
        return shown.shape(self)


if __name__ == "__main__":
    main(CrossGenerator)
