"""Successive iterations of GANs and classifiers: what iterations and memoryless have in common."""

import abc
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from experiments.experiment import Experiment
from experiments.matrix import Matrix, PaperMatrix, Tables, auc, held_out, in_loss
from experiments.population import Iteration, make_iteration
from experiments.sizes import ONE, TWO, Architecture, Phi, Populations
from report import Table


@dataclasses.dataclass(frozen=True, kw_only=True)
class SequenceConfig(Populations, Phi, Architecture):
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
        "reduced": SequenceConfig(**{**TWO, "held_out_classifiers": 3}, iterations=3),
        "paper": SequenceConfig(),
    },
    "stylegan2": {
        "quick": SequenceConfig(**ONE, iterations=3, architecture="resnet50"),
        "reduced": SequenceConfig(**TWO, iterations=3, phi=0.1, architecture="resnet50"),
        "paper": SequenceConfig(phi=0.001, architecture="resnet50"),
    },
}


class SequentialTraining(Experiment):
    """GANs and classifiers of successive iterations.

    Attributes:
        memory: how many of the newest iterations' classifiers a GAN must fool; None for all.
        paper: the paper's table of held-out classifiers.
        paper_fid: the paper's FID by iteration, of the same GANs.
        notes: what differs from the paper, by setting.
    """

    presets = PRESETS
    memory: ClassVar[int | None] = None
    paper: ClassVar[PaperMatrix | None] = None
    paper_fid: ClassVar[Mapping[str, str]] = {}
    notes: ClassVar[Mapping[str, Sequence[str]]] = {}

    def build(self) -> None:
        """The instances of every iteration."""
        self.iterations: list[Iteration] = []
        size = self.config
        how = {"architecture": size.architecture, "phi": size.phi}
        for number in range(size.iterations):
            last = self.iterations if self.memory is None else self.iterations[-self.memory :]
            fools = [classifier for each in last for classifier in each.classifiers]
            self.iterations.append(
                make_iteration(self.setting, self.seed, number, size, fools=fools, **how)
            )
        self.held_out_classifiers = [
            c for each in self.iterations for c in each.held_out_classifiers
        ]
        self.specs = [
            spec
            for each in self.iterations
            for spec in (*each.all_gans, *each.classifiers, *each.held_out_classifiers)
        ]

    def shape(self) -> Matrix:
        """Every iteration's classifiers on every iteration's GANs."""
        each = {iteration_name(number): made for number, made in enumerate(self.iterations)}
        detected = held_out(
            {name: made.held_out_classifiers for name, made in each.items()},
            {name: made.gans for name, made in each.items()},
            paper=self.paper,
        )
        fooled = in_loss(
            {name: made.classifiers for name, made in each.items()},
            {name: made.held_out_gans for name, made in each.items()},
            caption="What the GANs were trained to fool, measured on GANs that these classifiers "
            "were not trained on.",
        )
        classifiers = {}
        for name, made in each.items():
            classifiers[f"{name}, held-out"] = made.held_out_shown
            classifiers[f"{name}, in the loss"] = made.in_loss_shown
        return Matrix(
            detections=(detected, fooled, auc(detected)),
            summary=self.summarize,
            quality={name: made.all_gans for name, made in each.items()},
            paper_quality=self.paper_fid,
            paper_quality_scope="" if self.paper is None else self.paper.scope,
            classifiers=classifiers,
            sources={name: made.held_out_shown for name, made in each.items()},
            notes=self.notes.get(self.setting, ()),
        )

    @abc.abstractmethod
    def summarize(self, tables: Tables) -> str:
        """The finding in words; the first two tables are of held-out classifiers and the loss."""


def iteration_name(number: int) -> str:
    """What an iteration is called in tables."""
    return f"Iteration {number}"


def mean_over(table: Table, choose: Callable[[int, int], bool]) -> float | None:
    """The mean of the cells (row i, column j) for which choose(i, j); None if there are none."""
    chosen = [
        cell.mean for i, row in enumerate(table.cells) for j, cell in enumerate(row) if choose(i, j)
    ]
    return float(np.mean(chosen)) if chosen else None
