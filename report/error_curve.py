"""Curves with error bars over instances, as the paper's figures show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gan_knowledge_gaps.report.drawing import INK, MARKERS, RULE, dress, save, style, surround
from gan_knowledge_gaps.report.values import Measurement

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Curve = Sequence[tuple[float, Measurement]]

SIZE = (6.4, 3.8)  # Inches.


def error_curve(
    path: Path,
    series: Mapping[str, Curve],
    *,
    xlabel: str,
    ylabel: str,
    logx: bool = False,
    ylim: tuple[float, float] | None = (-0.03, 1.05),
    title: str = "",
    second: Mapping[str, Curve] | None = None,
    second_ylabel: str = "",
    footer: str = "",
    instances: bool = True,
) -> Path:
    """Draws mean curves with bars of ±std and every instance's value as a faint dot, as PNG.

    Args:
        path: the PNG file.
        series: points (x, measurement) by label; points without a number are left out.
        xlabel: what x is.
        ylabel: what the measurements are.
        logx: logarithmic x.
        ylim: range of y, by default that of a rate with room for its markers; None fits it.
        title: one line.
        second: further curves, dashed, on a y-axis of their own at the right.
        second_ylabel: what that axis shows.
        footer: small print after what bars and dots are, e.g. the data set.
        instances: whether to say what bars and dots are, and of how many instances a point is.

    Returns:
        `path`.

    Raises:
        ValueError: x is not positive on a logarithmic axis.
    """
    second = second or {}
    curves = [*series.values(), *second.values()]
    if logx and any(x <= 0 for curve in curves for x, _ in curve):
        raise ValueError("A logarithmic axis needs x > 0.")
    from matplotlib.figure import Figure

    figure = Figure(SIZE, facecolor="white")
    axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    numbered = enumerate(series.items())
    handles = [_draw(axis, curve, label, n, **style(n)) for n, (label, curve) in numbered]
    dress(axis, xlabel, ylabel)
    if ylim is not None:
        axis.set_ylim(*ylim)
    axis.grid(axis="y", color=RULE, linewidth=0.7)
    if second:
        other = axis.twinx()
        numbered = enumerate(second.items(), len(series))
        dashed = {"linestyle": "--"}
        handles += [
            _draw(other, curve, label, n, **style(n) | dashed) for n, (label, curve) in numbered
        ]
        dress(other, ylabel=second_ylabel)
        other.spines["right"].set_visible(True)
    _mark_x(axis, sorted({x for curve in curves for x, _ in curve}), logx)
    if len(handles) > 1:
        _legend(axis, handles)
    small = (_legend_of_bars(curves) if instances else "", footer)
    surround(figure, title, ". ".join(filter(None, small)))
    return save(figure, path)


def _draw(axis: Axes, curve: Curve, label: str, number: int, color: str, linestyle: str) -> object:
    """Draws one curve and returns what the legend shows of it."""
    points = sorted((point for point in curve if np.isfinite(point[1].mean)), key=lambda p: p[0])
    dots = [(x, value) for x, measured in points for value in measured.values]
    if dots:
        xs, values = zip(*dots, strict=True)
        axis.scatter(xs, values, s=12, color=color, alpha=0.3, linewidths=0)
    return axis.errorbar(
        [x for x, _ in points],
        [measured.mean for _, measured in points],
        yerr=[measured.std if measured.count > 1 else np.nan for _, measured in points],
        color=color,
        marker=MARKERS[number % len(MARKERS)],
        markersize=5.5,
        markeredgecolor="white",
        markeredgewidth=0.7,
        linestyle=linestyle,
        linewidth=1.6,
        elinewidth=1.1,
        capsize=2.5,
        label=label,
    )


def _mark_x(axis: Axes, places: list[float], logx: bool) -> None:
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    if logx:
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(LogLocator(numticks=20))
        axis.xaxis.set_minor_formatter(NullFormatter())
    elif len(places) > 1 and _fit(labels := [f"{x:g}" for x in places], places):
        axis.set_xticks(places, labels)
    elif all(float(x).is_integer() for x in places):
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))


def _fit(labels: list[str], places: list[float]) -> bool:
    """Whether a label at every place leaves room between them."""
    room = SIZE[0] * np.diff(places).min() / (places[-1] - places[0])
    return room > 0.08 * max(map(len, labels)) + 0.1


def _legend_of_bars(curves: list[Curve]) -> str:
    counts = sorted({measured.count for curve in curves for _, measured in curve} - {0})
    if not counts:
        return ""
    number = f"n = {counts[0]}" if len(counts) == 1 else f"n = {counts[0]} to {counts[-1]}"
    statistic = "mean ± population std, dots: single values, " if counts[-1] > 1 else ""
    return f"{statistic}{number} at each point"


def _legend(axis: Axes, handles: list) -> None:
    """Above the axes, where it hides no point."""
    axis.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=min(3, len(handles)),
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=2.8,
        handletextpad=0.5,
        columnspacing=1.6,
    )
