"""A table of rates as heat map, the paper's numbers beside ours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan_knowledge_gaps.report.drawing import FAINT, INK, save, surround
from gan_knowledge_gaps.report.table import Cell, Table
from gan_knowledge_gaps.report.values import Measurement

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

# Sizes in inches.
CELL_HEIGHT = 0.56
GAP = 0.4
BAR_WIDTH = 0.16
# Of one panel, so that a page shows it at its size; smaller cells than these hold no number.
WIDEST, LEAST_CELL = 10.0, 0.62

# Beyond this many columns the paper's panel goes below ours instead of beside it.
COLUMNS_BESIDE = 7

_BLANK = "#e5e7eb"
_PAPER_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)(?:\s*(?:±|\+-)\s*\d+(?:\.\d+)?)?")


@dataclass(frozen=True)
class _Panel:
    heading: str
    texts: tuple[tuple[str, ...], ...]
    values: np.ndarray  # [rows, columns], NaN where there is nothing to colour.


def heat_map(
    table: Table,
    path: Path,
    *,
    paper: bool = True,
    vmin: float = 0.0,
    vmax: float = 1.0,
    colour_label: str = "fraction detected",
) -> Path:
    """Draws a table as heat map, each cell with its number, and saves it as PNG.

    Args:
        table: cells that are not numbers are grey.
        path: the PNG file.
        paper: draw the paper's numbers, where the table has them, as a second panel.
        vmin: value of the darkest colour; what lies below takes it too.
        vmax: value of the brightest colour.
        colour_label: what the colours mean.

    Returns:
        `path`.
    """
    panels = [_Panel("Ours", table.texts(), _values(table.cells))]
    if paper and table.paper:
        heading = f"Paper ({table.paper_scope})" if table.paper_scope else "Paper"
        panels.append(_Panel(heading, table.paper_texts(), _paper_values(table)))
    figure, axes = _canvas(table, len(panels))
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    viridis = colormaps["viridis"].with_extremes(bad=_BLANK)
    colours = ScalarMappable(Normalize(vmin, vmax, clip=True), viridis)
    for axis, panel in zip(axes, panels, strict=False):
        _draw_panel(axis, panel, colours)
        _label_columns(axis, table)
        if axis is axes[0] or not _beside(table):
            _label_rows(axis, table)
        if len(panels) > 1:
            axis.set_title(panel.heading, loc="left", size=10, color=INK, pad=8)
    bar = figure.colorbar(colours, cax=axes[-1])
    bar.set_label(colour_label, size=9, color=INK)
    bar.ax.tick_params(labelsize=8, length=2)
    bar.outline.set_visible(False)
    surround(figure, table.title, ". ".join(filter(None, (table.spread(), table.scope))))
    return save(figure, path)


def _values(cells: Sequence[Sequence[Cell]]) -> np.ndarray:
    return np.array([[_value(cell) for cell in line] for line in cells])


def _value(cell: Cell) -> float:
    if isinstance(cell, Measurement):
        return cell.mean
    return float(cell) if isinstance(cell, Real) else np.nan


def _paper_values(table: Table) -> np.ndarray:
    return np.array([[paper_mean(text) for text in line] for line in table.paper_grid()])


def paper_mean(text: str | None) -> float:
    """The mean in a number printed as '0.05' or '0.05±0.02'; NaN for anything else."""
    match = _PAPER_NUMBER.fullmatch(text.strip()) if text else None
    return float(match[1]) if match else np.nan


def _canvas(table: Table, panels: int) -> tuple[Figure, list[Axes]]:
    """A figure with exact cells: axes for the panels, then for the colour bar."""
    width = _cell_width(table) * len(table.columns)
    height = CELL_HEIGHT * len(table.rows)
    below = -(height + GAP + _header_height(table))
    step = (width + GAP, 0.0) if _beside(table) else (0.0, below)
    corners = [(n * step[0], n * step[1]) for n in range(panels)]
    bar_left = corners[-1][0] + width + 0.25
    size = (bar_left + BAR_WIDTH, height)
    from matplotlib.figure import Figure

    figure = Figure(size, facecolor="white")

    def axes(left: float, bottom: float, wide: float) -> Axes:
        return figure.add_axes((left / size[0], bottom / size[1], wide / size[0], 1.0))

    return figure, [*(axes(x, y, width) for x, y in corners), axes(bar_left, 0.0, BAR_WIDTH)]


def _beside(table: Table) -> bool:
    return len(table.columns) <= COLUMNS_BESIDE


def _longest_column(table: Table) -> float:
    """Approximate width of the longest column name."""
    return 0.078 * max((len(name) for name in table.columns), default=0)


def _cell_width(table: Table) -> float:
    widest = min(1.2, WIDEST / max(len(table.columns), 1))
    return max(LEAST_CELL, min(0.16 + _longest_column(table), widest))


def _slanted(table: Table) -> bool:
    return _longest_column(table) > _cell_width(table)


def _header_height(table: Table) -> float:
    """Room above a panel for column names, label and heading."""
    return 0.6 + (_longest_column(table) * 0.57 if _slanted(table) else 0.0)


def _draw_panel(axis: Axes, panel: _Panel, colours: ScalarMappable) -> None:
    rgba = colours.to_rgba(np.ma.masked_invalid(panel.values))
    axis.imshow(rgba, aspect="auto", interpolation="nearest")
    for (row, column), value in np.ndenumerate(panel.values):
        ink = INK if np.isnan(value) else readable_on(rgba[row, column])
        _write_cell(axis, row, column, panel.texts[row][column], ink)
    rows, columns = panel.values.shape
    axis.set_xticks(np.arange(1, columns) - 0.5, minor=True)
    axis.set_yticks(np.arange(1, rows) - 0.5, minor=True)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.tick_params(which="both", length=0, colors=INK)
    axis.grid(which="minor", color="white", linewidth=1.2)
    axis.spines[:].set_visible(False)


def _write_cell(axis: Axes, row: int, column: int, text: str, ink: str) -> None:
    """Mean above, spread (and n) smaller below."""
    parts = re.fullmatch(r"([^±(]+?)\s*([±(].*)?", text)
    mean, rest = parts.groups() if parts else (text, None)
    place: dict[str, Any] = {"ha": "center", "va": "center", "color": ink}
    axis.text(column, row - (0.13 if rest else 0.0), mean, size=10, **place)
    if rest:
        axis.text(column, row + 0.22, rest, size=7, **place)


def _label_columns(axis: Axes, table: Table) -> None:
    slant: dict[str, Any] = {}
    if _slanted(table):
        slant = {"rotation": 35, "ha": "left", "rotation_mode": "anchor"}
    axis.set_xticks(range(len(table.columns)), table.columns, size=9, **slant)
    axis.xaxis.tick_top()
    axis.xaxis.set_label_position("top")
    axis.set_xlabel(table.column_label, size=9, color=FAINT, labelpad=6)


def _label_rows(axis: Axes, table: Table) -> None:
    axis.set_yticks(range(len(table.rows)), table.rows, size=9)
    axis.set_ylabel(table.row_label, size=9, color=FAINT, labelpad=6)


def readable_on(rgba: np.ndarray) -> str:
    """Black or white, whichever contrasts more with a background colour in [0, 1]."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgba[:3]]
    luminance = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    # The two contrast ratios of WCAG 2, (L1 + 0.05) / (L2 + 0.05), are equal at this luminance.
    return "black" if luminance > 0.179 else "white"
