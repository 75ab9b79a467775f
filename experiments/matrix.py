"""A matrix: who detects whom. Groups of classifiers against groups of image sources."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gan_knowledge_gaps.experiments.clusters import Clusters
from gan_knowledge_gaps.experiments.experiment import Shape
from gan_knowledge_gaps.experiments.measurements import (
    AUC,
    RATE,
    RATE_AT_5,
    detection,
    detection_map,
    papers,
)
from gan_knowledge_gaps.experiments.population import Shown
from gan_knowledge_gaps.lab.specs import Classifier, ImageSource
from gan_knowledge_gaps.report import Figure, Measurement, Table

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab

Tables = Sequence[Table]


@dataclasses.dataclass(frozen=True)
class PaperMatrix:
    """A square table of the paper.

    Attributes:
        names: of the rows and of the columns.
        lines: the numbers as printed; "?" for a lost digit.
        scope: what they were measured on.
    """

    names: Sequence[str]
    lines: Sequence[Sequence[str]]
    scope: str

    def beside(self, rows: Iterable[str], columns: Iterable[str]) -> dict[str, Any]:
        """The numbers that a table of ours has a cell for, as arguments of `Table`."""
        numbers = {
            (row, column): text
            for row, line in zip(self.names, self.lines, strict=True)
            for column, text in zip(self.names, line, strict=True)
        }
        return papers(numbers, rows, columns, self.scope)

    def means(self) -> np.ndarray:
        """The numbers [rows, columns], a lost digit taken as 5."""
        return np.array([[float(text.replace("?", "5")) for text in row] for row in self.lines])

    def table(self, **text: Any) -> Table:
        """A table of its own, for instances that are others than ours.

        Args:
            **text: further attributes of `Table`.
        """
        cells = [[text if "?" in text else float(text) for text in row] for row in self.lines]
        return Table(rows=tuple(self.names), columns=tuple(self.names), cells=cells, **text)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Detections:
    """A table of detection: a row for each group of classifiers, a column for each of sources.

    Attributes:
        rows: groups of classifiers by name.
        columns: groups of sources by name.
        name: the table's file stem.
        title: one line.
        caption: what the numbers are.
        row_label: what a row is.
        column_label: what a column is.
        instances: what one value of a cell stands for, plural.
        field: which of `metrics.DetectionMetrics`; rates also have a heat map.
        paper: the paper's numbers, shown beside ours of the same rows and columns.
    """

    rows: Mapping[str, Sequence[Classifier]]
    columns: Mapping[str, Sequence[ImageSource]]
    name: str
    title: str
    caption: str
    row_label: str
    column_label: str = "GANs"
    instances: str = "classifier-GAN pairs"
    field: str = RATE
    paper: PaperMatrix | None = None

    def table(self, lab: Lab) -> Table:
        """The measured table."""
        paper = {} if self.paper is None else self.paper.beside(self.rows, self.columns)
        return Table(
            name=self.name,
            title=self.title,
            caption=self.caption,
            row_label=self.row_label,
            column_label=self.column_label,
            rows=tuple(self.rows),
            columns=tuple(self.columns),
            cells=[
                [detection(lab, Shown(row, column), self.field) for column in self.columns.values()]
                for row in self.rows.values()
            ],
            instances=self.instances,
            **paper,
        )


def held_out(rows: Mapping, columns: Mapping, **more) -> Detections:
    """The table of held-out classifiers.

    Args:
        rows: groups of classifiers by name.
        columns: groups of sources by name.
        **more: further attributes of `Detections`.
    """
    text = {
        "name": "detection",
        "title": "Held-out classifiers: fraction of generated images detected",
        "caption": "No classifier here is in any GAN's loss, or shares a training GAN with one "
        "that is; the GANs measured are none of those it was trained on.",
        "row_label": "Held-out classifiers",
    }
    return Detections(rows=rows, columns=columns, **(text | more))


def in_loss(rows: Mapping, columns: Mapping, **more) -> Detections:
    """The table of classifiers in the loss; the arguments are those of `held_out`."""
    text = {
        "name": "detection_in_loss",
        "title": "Classifiers in the loss: fraction of generated images detected",
        "row_label": "Classifiers in the loss",
    }
    return Detections(rows=rows, columns=columns, **(text | more))


def rankings(rates: Detections) -> list[Detections]:
    """The pairs of the table of held-out classifiers, without the threshold 0.5."""
    return [
        dataclasses.replace(
            rates,
            name="auc",
            title="Held-out classifiers: area under the ROC curve",
            caption="The same pairs, without a threshold: the chance that a classifier gives a "
            "generated image a higher probability of being generated than a natural one. 0.5 is "
            "guessing.",
            field=AUC,
            paper=None,
        ),
        dataclasses.replace(
            rates,
            name="detection_at_5_fpr",
            title="Held-out classifiers: fraction detected at 5 % false positives",
            caption="The same pairs, each classifier at the threshold above which there are 5 % of "
            "the natural images. 0.05 is guessing.",
            field=RATE_AT_5,
            paper=None,
        ),
    ]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Matrix(Shape):
    """Tables of detection with their heat maps.

    Attributes:
        detections: the tables, the main one first.
        summary: the finding in words, from the measured tables.
        find_clusters: clusters of rows from the main table's means [n, n]; None for none. Then the
            table stands there once more, in the order of its clusters, and is drawn so.
    """

    detections: Sequence[Detections]
    summary: Callable[[Tables], str]
    find_clusters: Callable[[np.ndarray], Clusters] | None = None

    def shown(self) -> Iterator[Shown]:
        """Every row with every column."""
        for each in self.detections:
            for row in each.rows.values():
                for column in each.columns.values():
                    yield Shown(row, column)

    def measure(self, lab: Lab) -> tuple[str, list[Table], list[Figure]]:
        """The tables of detection; a heat map of each that shows rates."""
        tables = [each.table(lab) for each in self.detections]
        drawn = [
            table for table, each in zip(tables, self.detections, strict=True) if each.field == RATE
        ]
        summary = self.summary(tables)
        if self.find_clusters is not None:
            main, *_ = tables
            ordered = in_order(main, self.find_clusters(means(main)))
            tables.insert(1, ordered)
            drawn = [ordered, *(table for table in drawn if table is not main)]
        return summary, tables, [detection_map(table) for table in drawn]


def means(table: Table) -> np.ndarray:
    """The means [rows, columns] of a table of measurements."""
    return np.array([[cast(Measurement, cell).mean for cell in line] for line in table.cells])


def own_and_others(rates: np.ndarray) -> tuple[float, float]:
    """The means of a square matrix on its diagonal and off it."""
    return float(np.diag(rates).mean()), float(rates[~np.eye(len(rates), dtype=bool)].mean())


def in_order(table: Table, clusters: Clusters) -> Table:
    """A square table with its rows and columns in the order of their clusters."""
    return dataclasses.replace(
        table,
        name=f"{table.name}_clusters",
        title=f"{table.title}, in the order of the clusters",
        caption=f"{table.caption} Clusters: {clusters.named(table.rows)}.",
        rows=tuple(table.rows[k] for k in clusters.order),
        columns=tuple(table.columns[k] for k in clusters.order),
        cells=tuple(tuple(table.cells[i][j] for j in clusters.order) for i in clusters.order),
    )
