"""Successive iterations of GANs and classifiers: what iterations and memoryless have in common."""

import dataclasses
from typing import ClassVar

from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.population import Iteration, make_iteration
from gan_knowledge_gaps.experiments.sizes import (
    FOUR,
    NODE,
    ONE,
    THREE_HELD_OUT,
    TWO,
    Architecture,
    Beginning,
    Phi,
    Populations,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SequenceConfig(Populations, Phi, Architecture, Beginning):
    """Size of a sequential experiment; all but the first number is per iteration.

    Attributes:
        iterations: Iterations, the first (0) fooling no classifier; 5 in the paper.
        phi: Weight of each classifier in the loss. The paper fixes 0.001 for StyleGAN2 and sweeps
            it for the DCGAN, where the number here is a choice of ours; so is that of the quick
            preset of StyleGAN2, whose GANs see too few images for 0.001 to move them.
        architecture: Architecture of the classifiers; resnet50 in the paper's table.
    """

    called: ClassVar = {
        "iterations": "",
        "gans": "GANs per iteration",
        "held_out_gans": "held-out GANs per iteration",
        "classifiers": "classifiers in the loss per iteration",
        "held_out_classifiers": "held-out classifiers per iteration",
    }
    iterations: int = 5
    phi: float = 1.0
    architecture: str = "cnn"


PRESETS = {
    "dcgan": {
        "quick": SequenceConfig(**TWO, iterations=3),
        "reduced": SequenceConfig(**THREE_HELD_OUT, iterations=3),
        "node": SequenceConfig(),
        "paper": SequenceConfig(),
    },
    "stylegan2": {
        "quick": SequenceConfig(**ONE, iterations=3, architecture="resnet50"),
        "reduced": SequenceConfig(**FOUR, iterations=3),
        "node": SequenceConfig(**NODE, phi=0.001, architecture="resnet50"),
        "paper": SequenceConfig(phi=0.001, architecture="resnet50"),
    },
}


class SequentialTraining(Experiment):
    """GANs and classifiers of successive iterations.

    Attributes:
        memory: how many of the newest iterations' classifiers a GAN must fool; None for all.
    """

    config: SequenceConfig
    presets = PRESETS
    memory: ClassVar[int | None] = None

    def build(self) -> None:
        """The instances of every iteration."""
        self.iterations: list[Iteration] = []
        size = self.config
        for number in range(size.iterations):
            how = self.after(self.iterations[-1].all_gans) if number else self.first
            last = self.iterations if self.memory is None else self.iterations[-self.memory :]
            fools = [classifier for each in last for classifier in each.classifiers]
            how |= {"fools": fools, "phi": size.phi}
            self.iterations.append(
                make_iteration(self.setting, self.seed, number, size, size.architecture, **how)
            )
        self.held_out_classifiers = [
            c for each in self.iterations for c in each.held_out_classifiers
        ]
        self.specs = [
            spec
            for each in self.iterations
            for spec in (*each.all_gans, *each.classifiers, *each.held_out_classifiers)
        ]
