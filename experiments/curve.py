"""A curve: detection and quality along an axis, beside a baseline."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from gan_knowledge_gaps.experiments.experiment import Shape
from gan_knowledge_gaps.experiments.measurements import accuracy, quality_caption, quality_measures
from gan_knowledge_gaps.experiments.population import Shown
from gan_knowledge_gaps.lab.specs import ImageSource
from gan_knowledge_gaps.report import Figure, Measurement, Table, error_curve

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab

Point = float | None  # x, or None for the baseline, which has a column and no point of the curve
Measured = dict[str, dict[Point, Measurement]]  # by row and column


@dataclasses.dataclass(frozen=True, kw_only=True)
class Curve(Shape):
    """A table with a row for each curve, and a figure.

    Attributes:
        name: file stem of the table and the figure.
        title: one line, of both.
        caption: what the numbers are.
        row_label: what a row is.
        axis: what x is.
        instances: what one value of a cell stands for, plural.
        columns: what the points of the axis are called, in order.
        curves: what is shown to whom at each point, by the curve's name.
        quality_along: sources whose quality is measured at each point; none for no such rows.
        summary: the finding in words, from what was measured by row and point.
        drawn: the curves that are drawn; default: all.
        draws_quality: whether the Fréchet distance is drawn, on an axis of its own.
        ylabel: what the curves are.
        logx: whether the axis is logarithmic.
    """

    name: str
    title: str
    caption: str
    row_label: str = "Measure"
    axis: str
    instances: str = "classifier-GAN pairs; GANs for the quality"
    columns: Mapping[Point, str]
    curves: Mapping[str, Mapping[Point, Sequence[Shown]]]
    quality_along: Mapping[Point, Sequence[ImageSource]] = dataclasses.field(default_factory=dict)
    summary: Callable[[Measured], str]
    drawn: Sequence[str] | None = None
    draws_quality: bool = False
    ylabel: str = "fraction detected"
    logx: bool = False

    def shown(self) -> Iterator[Shown]:
        """What is shown at every point of every curve."""
        for points in self.curves.values():
            for shown in points.values():
                yield from shown

    def sampled(self) -> Mapping[str, Sequence[ImageSource]]:
        """The groups of the table of quality; without one, those of every point."""
        return self.quality or {self.columns[x]: each for x, each in self.quality_along.items()}

    def measure(self, lab: Lab) -> tuple[str, list[Table], list[Figure]]:
        """The table and the figure of the curves."""
        measured: Measured = {
            name: {x: accuracy(lab, shown) for x, shown in points.items()}
            for name, points in self.curves.items()
        }
        if self.quality_along:
            measured |= {
                name: {x: measure(lab, sources) for x, sources in self.quality_along.items()}
                for name, measure in quality_measures(lab).items()
            }
        return self.summary(measured), [self._table(lab, measured)], [self._figure(lab, measured)]

    def _table(self, lab: Lab, measured: Measured) -> Table:
        # Without a table of quality of its own, its rows are explained here.
        explained = bool(self.quality_along) and not self.quality
        return Table(
            name=self.name,
            title=self.title,
            caption=f"{self.caption} {quality_caption(lab)}" if explained else self.caption,
            row_label=self.row_label,
            column_label=self.axis,
            rows=tuple(measured),
            columns=tuple(self.columns.values()),
            cells=[[points[x] for x in self.columns] for points in measured.values()],
            instances=self.instances,
        )

    def _figure(self, lab: Lab, measured: Measured) -> Figure:
        drawn = self.curves if self.drawn is None else self.drawn
        label = lab.quality.label
        second = {label: _points(measured[label])} if self.draws_quality else {}
        return Figure(
            self.name,
            f"{self.title}. {self.caption}",
            lambda path: error_curve(
                path,
                {name: _points(measured[name]) for name in drawn},
                title=self.title,
                xlabel=self.axis,
                ylabel=self.ylabel,
                logx=self.logx,
                second=second,
                second_ylabel=label if second else "",
            ),
        )


def _points(row: Mapping[Point, Measurement]) -> list[tuple[float, Measurement]]:
    return [(x, measurement) for x, measurement in row.items() if x is not None]
