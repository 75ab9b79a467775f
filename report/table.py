"""The table of a report: our numbers, and where the paper printed one, the paper's."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import cast

from gan_knowledge_gaps.report.values import Measurement, format_number

Cell = Measurement | float | int | str | None
PaperNumbers = Sequence[Sequence[str | None]] | Mapping[tuple[str, str], str]

_FILE_STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Table:
    """Measurements by row and column.

    Attributes:
        name: file stem, e.g. 'detection'.
        title: one line.
        caption: what the numbers are and how they were obtained.
        row_label: what a row is, e.g. 'Held-out classifier'.
        column_label: what a column is, e.g. 'GANs of iteration'.
        rows: distinct row names.
        columns: distinct column names.
        cells: `len(rows)` tuples of `len(columns)` cells: measurements, numbers, text, or None
            where there is nothing to measure.
        paper: the paper's numbers as it prints them: a grid shaped as `cells`, None where it has
            none, or a mapping from (row, column); kept as a grid. None without such a table.
        paper_scope: what the paper's numbers were measured on, e.g. 'StyleGAN2, FFHQ 256x256'.
        scope: what ours were measured on (data set, scale, instances); printed under the table in
            every format. A report fills it in from its facts where it is empty; its page, which
            begins with these, does not repeat it.
        instances: what one value of a measurement stands for, plural.
        digits: decimals shown; CSV and JSON keep full precision.

    Raises:
        ValueError: `name` is no plain file stem, names repeat, or shapes disagree.
        KeyError: `paper` names a row or column the table does not have.

    Example:
        >>> from gan_knowledge_gaps import report
        >>> table = report.Table(
        ...     name="detection", title="Detection rates", caption="Of other images than trained.",
        ...     row_label="Classifier", column_label="GAN", rows=("c0",), columns=("g0", "g1"),
        ...     cells=((report.Measurement((0.9, 0.8)), 0.25),),
        ... )
        >>> table.texts()
        (('0.85±0.05', '0.25'),)
    """

    name: str
    title: str
    caption: str
    row_label: str
    column_label: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[Cell]]
    paper: PaperNumbers | None = None
    paper_scope: str = ""
    scope: str = ""
    instances: str = "instances"
    digits: int = 2

    def __post_init__(self) -> None:
        check_stem(self.name)
        self._freeze("rows", tuple(self.rows))
        self._freeze("columns", tuple(self.columns))
        _check_distinct(self.rows)
        _check_distinct(self.columns)
        self._freeze("cells", self._grid(self.cells, "cells"))
        if isinstance(self.paper, Mapping):
            self._freeze("paper", self._paper_grid(self.paper))
        elif self.paper is not None:
            self._freeze("paper", self._grid(self.paper, "paper"))

    def _freeze(self, field: str, value: object) -> None:
        object.__setattr__(self, field, value)

    def _grid(self, lines: Sequence[Sequence], field: str) -> tuple[tuple, ...]:
        grid = tuple(tuple(line) for line in lines)
        if [len(line) for line in grid] != [len(self.columns)] * len(self.rows):
            shape = f"{len(self.rows)} rows of {len(self.columns)}"
            raise ValueError(f"Table {self.name!r}: {field} are not {shape}.")
        return grid

    def _paper_grid(self, numbers: Mapping[tuple[str, str], str]) -> tuple[tuple, ...]:
        for row, column in numbers:
            if row not in self.rows or column not in self.columns:
                raise KeyError(f"Table {self.name!r} has no cell {(row, column)} of the paper's.")
        return tuple(tuple(numbers.get((r, c)) for c in self.columns) for r in self.rows)

    def texts(self) -> tuple[tuple[str, ...], ...]:
        """The cells as shown, each with its number of instances where these differ."""
        return tuple(tuple(self._text(cell) for cell in line) for line in self.cells)

    def _text(self, cell: Cell) -> str:
        text = cell_text(cell, self.digits)
        if isinstance(cell, Measurement) and cell.count and len(self._counts()) > 1:
            return f"{text} (n={cell.count})"
        return text

    def paper_texts(self) -> tuple[tuple[str, ...], ...]:
        """The paper's numbers as shown, '—' where it has none; empty without any."""
        return tuple(tuple(text or "—" for text in line) for line in self.paper_grid())

    def paper_grid(self) -> Sequence[Sequence[str | None]]:
        """The paper's numbers as it prints them, shaped as `cells`; empty without any."""
        return () if self.paper is None else cast("Sequence[Sequence[str | None]]", self.paper)

    def numbers(self, row: str) -> dict[str, float]:
        """The plain numbers of a row, by column."""
        pairs = zip(self.columns, self.cells[self.rows.index(row)], strict=True)
        return {column: float(cell) for column, cell in pairs if isinstance(cell, int | float)}

    def spread(self) -> str:
        """Says what '±' and 'n' mean in this table; empty without measurements."""
        counts = self._counts()
        if not counts:
            return ""
        if len(counts) > 1:
            return f"mean ± population std over n {self.instances}"
        (count,) = counts
        statistic = "mean ± population std, " if count > 1 else ""
        return f"{statistic}n = {count} ({self.instances})"

    def _counts(self) -> set[int]:
        cells = (cell for line in self.cells for cell in line)
        return {cell.count for cell in cells if isinstance(cell, Measurement) and cell.count}


def interval_columns(*names: str) -> list[str]:
    """Of each name three columns: the value itself, and from where to where its interval goes."""
    return [f"{name}{end}" for name in names for end in ("", ", from", ", to")]


def cell_text(cell: Cell, digits: int) -> str:
    """One cell as text: '—' for None, 'n/a' for NaN, floats with `digits` decimals."""
    if cell is None:
        return "—"
    if isinstance(cell, Measurement):
        return cell.format(digits)
    if isinstance(cell, Integral):
        return f"{cell:,}"
    if isinstance(cell, Real):
        return format_number(float(cell), digits)
    return str(cell)


def check_stem(name: str) -> None:
    """Raises ValueError unless `name` can be a file's name without its ending."""
    if not _FILE_STEM.fullmatch(name):
        raise ValueError(f"{name!r} is no file stem: use letters, digits, '_', '-' and '.'.")


def _check_distinct(names: Sequence[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(f"Repeated names: {repeated}.")
