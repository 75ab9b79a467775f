"""What the figures share: type, colours, and saving, all without pyplot's global state."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from gan_knowledge_gaps.data import files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 160
INK = "#1a1d21"
FAINT = "#6b7280"
RULE = "#d5d9df"

# Okabe and Ito's colours, told apart by colour-blind readers; the yellow is too pale for lines.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", ":", "-.")  # of further rounds through the colours


def style(number: int) -> dict[str, str]:
    """Colour and line of a curve, by its number; 28 can be told apart."""
    around, colour = divmod(number, len(COLOURS))
    return {"color": COLOURS[colour], "linestyle": LINES[around % len(LINES)]}


def save(figure: Figure, path: Path) -> Path:
    """Writes the figure as PNG, cut to what is drawn, and returns its path."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=DPI, bbox_inches="tight", pad_inches=0.15)
    files.write_bytes(path, data.getvalue())
    return path


def dress(axis: Axes, xlabel: str = "", ylabel: str = "") -> None:
    """Labels, small ticks, and no frame at the top and the right."""
    if xlabel:
        axis.set_xlabel(xlabel, size=10, color=INK)
    if ylabel:
        axis.set_ylabel(ylabel, size=10, color=INK)
    axis.tick_params(labelsize=9, colors=INK, length=3, which="major")
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[:].set_color(FAINT)


def surround(figure: Figure, title: str, footer: str = "") -> None:
    """Sets a bold title above and a small footer below all that is drawn so far."""
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    left = box.x0 / width
    title = textwrap.fill(title, max(24, int(box.width / 0.098)))
    footer = textwrap.fill(footer, max(32, int(box.width / 0.066)))
    above, below = (box.y1 + 0.12) / height, (box.y0 - 0.12) / height
    figure.text(left, above, title, size=12, weight="bold", color=INK, va="bottom", linespacing=1.3)
    figure.text(left, below, footer, size=8, color=FAINT, va="top", linespacing=1.4)
