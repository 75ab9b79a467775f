"""Sequential training: the classifier-by-GAN table over iterations (T2, F4).

The iterations experiment and the memoryless one differ in one line: which of the earlier
classifiers a GAN must fool.
"""

import abc
import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from classifiers import ARCHITECTURES
from experiments.experiment import Experiment, Findings
from experiments.measurements import (
    classifier_table,
    detection,
    detection_map,
    gan_table,
    quality_table,
    sample_grid,
)
from experiments.population import Iteration, make_iteration
from lab import measure
from lab.lab import Lab
from lab.specs import Classifier, Spec
from report import Grid, Measurement, Table
from training.config import check_at_least, check_choices

Cells = tuple[tuple[Measurement, ...], ...]


@dataclasses.dataclass(frozen=True)
class SequenceConfig:
    """Size of a sequential experiment.

    Attributes:
        iterations: Iterations, the first (0) fooling no classifier; 5 in the paper.
        gans: GANs per iteration that train the classifiers in the loss; 15 in the paper's example.
        held_out_gans: GANs per iteration that train the held-out classifiers; 10 in the paper.
        classifiers: Classifiers per iteration that go into the loss (not fixed by the paper).
        held_out_classifiers: Held-out classifiers per iteration (not fixed by the paper).
        phi: Weight of each classifier in the loss. The paper fixes 0.001 for StyleGAN2 and sweeps
            it for the DCGAN, where the number here is a choice of ours; so is that of the quick
            preset of StyleGAN2, whose GANs see too few images for 0.001 to move them.
        architecture: Architecture of the classifiers; resnet50 in the paper's table.
    """

    iterations: int = 5
    gans: int = 15
    held_out_gans: int = 10
    classifiers: int = 1
    held_out_classifiers: int = 5
    phi: float = 1.0
    architecture: str = "cnn"

    def __post_init__(self):
        check_at_least(
            self, iterations=1, gans=1, held_out_gans=1, classifiers=1, held_out_classifiers=1,
            phi=0,
        )  # fmt: skip
        check_choices(self, architecture=ARCHITECTURES)


PRESETS = {
    "dcgan": {
        "quick": SequenceConfig(
            iterations=3, gans=2, held_out_gans=2, classifiers=1, held_out_classifiers=2
        ),
        "reduced": SequenceConfig(
            iterations=3, gans=2, held_out_gans=2, classifiers=1, held_out_classifiers=3
        ),
        "paper": SequenceConfig(),
    },
    "stylegan2": {
        "quick": SequenceConfig(
            iterations=3, gans=1, held_out_gans=1, classifiers=1, held_out_classifiers=1,
            architecture="resnet50",
        ),
        "reduced": SequenceConfig(
            iterations=3, gans=2, held_out_gans=2, classifiers=1, held_out_classifiers=2,
            phi=0.1, architecture="resnet50",
        ),
        "paper": SequenceConfig(phi=0.001, architecture="resnet50"),
    },
}  # fmt: skip


class Sequence(Experiment):
    """GANs and classifiers of successive iterations.

    Attributes:
        memory: how many of the newest iterations' classifiers a GAN must fool; None for all.
        notes: what differs from the paper, by setting.
    """

    presets = PRESETS
    memory: ClassVar[int | None] = None
    notes: ClassVar[dict[str, tuple[str, ...]]] = {"dcgan": (), "stylegan2": ()}

    @cached_property
    def iterations(self) -> list[Iteration]:
        """The instances of every iteration."""
        made: list[Iteration] = []
        for number in range(self.config.iterations):
            remembered = made if self.memory is None else made[-self.memory :]
            fools: list[Classifier] = [c for each in remembered for c in each.classifiers]
            made.append(
                make_iteration(
                    self.setting,
                    self.seed,
                    number,
                    gans=self.config.gans,
                    held_out_gans=self.config.held_out_gans,
                    classifiers=self.config.classifiers,
                    held_out_classifiers=self.config.held_out_classifiers,
                    architecture=self.config.architecture,
                    fools=fools,
                    phi=self.config.phi,
                )
            )
        return made

    @property
    def specs(self) -> list[Spec]:
        """All GANs and classifiers."""
        return [
            spec
            for each in self.iterations
            for spec in (*each.all_gans, *each.classifiers, *each.held_out_classifiers)
        ]

    @property
    def held_out_classifiers(self) -> list[Classifier]:
        """Every classifier that is reported as held out."""
        return [c for each in self.iterations for c in each.held_out_classifiers]

    def findings(self, lab: Lab) -> Findings:
        """The classifier-by-GAN table for held-out classifiers and for those in the loss."""
        self._score(lab)
        held_out = self._held_out_table(lab)
        in_loss = self._in_loss_table(lab)
        return Findings(
            summary=self.summarize(held_out.cells, in_loss.cells),
            instances=self._instances(),
            tables=(
                held_out,
                in_loss,
                self._auc_table(lab),
                self._quality_table(lab),
                self._classifier_table(lab),
                self._gan_table(lab),
            ),
            figures=(detection_map(held_out), detection_map(in_loss)),
            grids=tuple(self._sample_grids(lab)),
            notes=self.notes.get(self.setting, ()),
        )

    @property
    def paper_table(self) -> dict[str, Any]:
        """The paper's numbers for the held-out table, as arguments of `Table`."""
        return {}

    def paper_quality(self, label: str) -> dict[str, Any]:
        """The same for the quality table, whose frechet distance is called `label`."""
        return {}

    @abc.abstractmethod
    def summarize(self, held_out: Cells, in_loss: Cells) -> str:
        """The finding in words, from the cells of the two detection tables."""

    def _instances(self) -> dict[str, str]:
        size = self.config
        return {
            "GANs per iteration": f"{size.gans} + {size.held_out_gans} held-out",
            "classifiers per iteration": f"{size.classifiers} in the loss, "
            f"{size.held_out_classifiers} held-out",
            "architecture": size.architecture,
            "phi": f"{size.phi:g}",
        }

    def _held_out_table(self, lab: Lab) -> Table:
        return self._detection_table(
            self._held_out_cells(lab, "detection_rate"),
            name="detection",
            title="Held-out classifiers: fraction of generated images detected",
            caption="No classifier here is in any GAN's loss, or shares a training GAN with one "
            "that is; the GANs measured are none of those it was trained on.",
            row_label="Held-out classifiers",
            **self.paper_table,
        )

    def _auc_table(self, lab: Lab) -> Table:
        return self._detection_table(
            self._held_out_cells(lab, "roc_auc"),
            name="auc",
            title="Held-out classifiers: area under the ROC curve",
            caption="The same pairs, without a threshold: the chance that a classifier gives a "
            "generated image a higher probability of being generated than a natural one. 0.5 is "
            "guessing.",
            row_label="Held-out classifiers",
        )

    def _score(self, lab: Lab) -> None:
        """Makes each GAN's images once for the classifiers of all iterations."""
        held_out = [each for row in self.iterations for each in row.held_out_classifiers]
        in_loss = [each for row in self.iterations for each in row.classifiers]
        for column in self.iterations:
            for gan in column.gans:
                measure.score(lab, held_out, gan)
            for gan in column.held_out_gans:
                measure.score(lab, in_loss, gan)

    def _held_out_cells(self, lab: Lab, field: str) -> list[list[Measurement]]:
        return [
            [
                detection(lab, row.held_out_classifiers, column.gans, field)
                for column in self.iterations
            ]
            for row in self.iterations
        ]

    def _in_loss_table(self, lab: Lab) -> Table:
        return self._detection_table(
            [
                [detection(lab, row.classifiers, each.held_out_gans) for each in self.iterations]
                for row in self.iterations
            ],
            name="detection_in_loss",
            title="Classifiers in the loss: fraction of generated images detected",
            caption="What the GANs were trained to fool, measured on GANs that these classifiers "
            "were not trained on.",
            row_label="Classifiers in the loss",
        )

    def _detection_table(self, cells: list[list[Measurement]], **text) -> Table:
        names = self.names
        return Table(
            column_label="GANs",
            rows=names,
            columns=names,
            cells=cells,
            instances="classifier-GAN pairs",
            **text,
        )

    def _quality_table(self, lab: Lab) -> Table:
        groups = zip(self.names, (each.all_gans for each in self.iterations), strict=True)
        return quality_table(lab, dict(groups), **self.paper_quality(lab.quality.label))

    def _classifier_table(self, lab: Lab) -> Table:
        rows = []
        for name, each in zip(self.names, self.iterations, strict=True):
            rows.append((f"{name}, held-out", each.held_out_classifiers, each.gans))
            rows.append((f"{name}, in the loss", each.classifiers, each.held_out_gans))
        return classifier_table(lab, rows)

    def _gan_table(self, lab: Lab) -> Table:
        rows = [
            (name, gan, each.held_out_classifiers)
            for name, each in zip(self.names, self.iterations, strict=True)
            for gan in each.gans
        ]
        return gan_table(lab, rows)

    def _sample_grids(self, lab: Lab) -> list[Grid]:
        return [
            sample_grid(lab, each.gans[0], f"samples-{number}", f"A GAN of iteration {number}")
            for number, each in enumerate(self.iterations)
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """What the iterations are called in tables."""
        return tuple(f"Iteration {number}" for number in range(self.config.iterations))


def mean_over(cells: Cells, choose: Callable[[int, int], bool]) -> float | None:
    """The mean of the cells (row i, column j) for which choose(i, j); None if there are none."""
    chosen = [
        cell.mean for i, row in enumerate(cells) for j, cell in enumerate(row) if choose(i, j)
    ]
    return float(np.mean(chosen)) if chosen else None
