"""What an experiment reports."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from gan_knowledge_gaps.report.plain import plain, words
from gan_knowledge_gaps.report.table import Table, check_stem
from gan_knowledge_gaps.report.versions import collect


@dataclass(frozen=True)
class Figure:
    """A picture that a report draws.

    Attributes:
        name: file stem.
        caption: what it shows.
        draw: writes the figure to the PNG path it is given, e.g.
            `lambda path: heat_map(table, path)`.
    """

    name: str
    caption: str
    draw: Callable[[Path], object]

    def __post_init__(self) -> None:
        check_stem(self.name)


@dataclass(frozen=True)
class Grid:
    """Sample images of a report.

    Attributes:
        name: file stem.
        title: what the images are, e.g. 'GAN of iteration 1'.
        caption: how they were made.
        image: uint8 [H, W, 1 or 3], e.g. from `image_grid`.
    """

    name: str
    title: str
    caption: str
    image: np.ndarray

    def __post_init__(self) -> None:
        check_stem(self.name)


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that a reader needs to judge a result, and to obtain it again.

    Attributes:
        name: the experiment, e.g. 'five_iterations'.
        title: one line.
        question: what is asked.
        paper_claim: what the paper reports; "" where the question is not one of the paper's.
        summary: our finding in words, computed from the numbers; blank lines part paragraphs.
        facts: data set, scale and numbers of instances by name, shown beside every number.
        configuration: nested values as trained with.
        seeds: seeds by what they seed.
        command: the command line that makes this report.
        wall_time_seconds: how long all its trainings took, whichever run did them.
        tables: distinct names, none of them 'report'.
        figures: distinct names, those of grids included.
        grids: sample images.
        provenance: the artifacts behind the numbers: what each is, by key.
        notes: what differs from the paper, plainly said.
        versions: software and hardware, by default of this process.

    Raises:
        ValueError: two tables, or two images, have the same name, or a table that of report.json.
    """

    name: str
    title: str
    question: str
    paper_claim: str
    summary: str
    facts: Mapping[str, object]
    configuration: Mapping[str, object]
    seeds: Mapping[str, object]
    command: str
    wall_time_seconds: float
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    grids: tuple[Grid, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    versions: Mapping[str, object] = field(default_factory=collect)

    def __post_init__(self) -> None:
        for parts in (self.tables, (*self.figures, *self.grids)):
            repeated = [n for n, count in Counter(part.name for part in parts).items() if count > 1]
            if repeated:
                raise ValueError(f"Report {self.name!r} has several parts named {repeated}.")
        if any(table.name == "report" for table in self.tables):
            raise ValueError("A table named 'report' would overwrite report.json.")
        scope = self.scope()
        tables = tuple(replace(table, scope=table.scope or scope) for table in self.tables)
        object.__setattr__(self, "tables", tables)

    def scope(self) -> str:
        """The facts on one line, as printed beside numbers."""
        return " · ".join(f"{name}: {words(value)}" for name, value in plain(self.facts).items())
