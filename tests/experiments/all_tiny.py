"""`experiments.all` over two experiments of the smallest size."""

from typing import ClassVar

import gan_knowledge_gaps.experiments.all as everything
from gan_knowledge_gaps.experiments.generalization import Generalization, GeneralizationConfig
from gan_knowledge_gaps.experiments.iterations import Iterations
from gan_knowledge_gaps.experiments.sequence import SequenceConfig

SIZE = SequenceConfig(iterations=1, gans=1, held_out_gans=1, classifiers=1, held_out_classifiers=1)


class TinyGeneralization(Generalization):
    """One classifier of one GAN, shown another."""

    presets: ClassVar[dict] = {
        "dcgan": {"quick": GeneralizationConfig(largest_pool=1, held_out_gans=1, classifiers=1)}
    }


class TinyIterations(Iterations):
    """Iteration 0 alone."""

    presets: ClassVar[dict] = {"dcgan": {"quick": SIZE}}


if __name__ == "__main__":
    everything.EXPERIMENTS = (TinyGeneralization, TinyIterations)
    everything.main()
