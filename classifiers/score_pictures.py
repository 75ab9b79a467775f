"""A detector's logits as pictures: the ROC curve, histograms, and the worst mistakes."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gan_knowledge_gaps.classifiers.evaluation import Scores
from gan_knowledge_gaps.data import Images, image_grid
from gan_knowledge_gaps.report import Figure, Grid
from gan_knowledge_gaps.report.drawing import FAINT, INK, dress, save, style, surround

SHOWN = 8  # mistakes of each kind
BINS = 40
TOGETHER = 6  # histograms, at most; and entries of a legend within the axes
LEGEND_ROWS = 20


def roc(scores: Scores) -> Figure:
    """Detection rate against false positive rate, for each generator and for all."""
    from sklearn.metrics import roc_curve

    curves = {}
    for name, generated in scores.groups().items():
        labels = np.repeat([0, 1], [len(scores.natural), len(generated)])
        curves[name] = roc_curve(labels, np.concatenate([scores.natural, generated]))[:2]

    def draw(path: Path) -> object:
        figure, axis = _axes("false positive rate (natural called generated)", "detection rate")
        for number, (name, (false, true)) in enumerate(curves.items()):
            axis.step(false, true, where="post", label=name, linewidth=1.5, **style(number))
        axis.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8)
        axis.set_aspect("equal")
        return _finish(figure, axis, "ROC curve", path)

    return Figure("roc", "Detection rate at every threshold; the diagonal is guessing.", draw)


def histogram(scores: Scores, threshold: float = 0.0) -> Figure:
    """How often each logit comes, for natural images and for each generator.

    Args:
        scores: logits.
        threshold: the logit above which an image is called generated.
    """
    groups = {"natural": scores.natural, **scores.generated}
    together = np.concatenate(list(groups.values()))
    edges = np.linspace(together.min(), max(together.max(), together.min() + 1e-6), BINS + 1)
    shares = {
        f"{name} ({len(logits):,})": np.histogram(logits, edges)[0] / max(len(logits), 1)
        for name, logits in groups.items()
    }

    def draw(path: Path) -> object:
        if len(groups) > TOGETHER:
            return _rows(shares, edges, threshold, path)
        figure, axis = _axes("logit of being generated", "share of the images")
        for number, (name, share) in enumerate(shares.items()):
            axis.stairs(share, edges, label=name, linewidth=1.5, **style(number))
        axis.axvline(threshold, color=FAINT, linewidth=0.8)
        return _finish(figure, axis, "Logits", path)

    caption = "Right of the line images are called generated. In parentheses how many there are."
    return Figure("logits", caption, draw)


def _rows(shares: dict[str, np.ndarray], edges: np.ndarray, threshold: float, path: Path) -> Path:
    """A row for each of many histograms, where steps would hide one another."""
    figure, axis = _axes("logit of being generated", "", height=0.25 * len(shares))
    rows = np.arange(len(shares) + 1)
    drawn = axis.pcolormesh(edges, rows, np.stack(list(shares.values())), cmap="Blues")
    axis.set_yticks(rows[:-1] + 0.5, list(shares))
    axis.invert_yaxis()
    axis.axvline(threshold, color=INK, linewidth=0.8)
    bar = figure.colorbar(drawn, ax=axis, fraction=0.03, pad=0.02)
    bar.set_label("share of the images", size=9, color=INK)
    bar.ax.tick_params(labelsize=8, length=2)
    surround(figure, "Logits")
    return save(figure, path)


def mistakes(scores: Scores, natural: Images, generated: Mapping[str, Images]) -> list[Grid]:
    """The natural images that look most generated, and of each generator the most natural ones.

    Args:
        scores: logits of these images.
        natural: [N, H, W, C].
        generated: of each generator, by its name.
    """
    grids = [_hardest("natural", natural, scores.natural, most=True)]
    for name, images in generated.items():
        grids.append(_hardest(name, images, scores.generated[name], most=False))
    return [dataclasses.replace(each, name=f"mistakes-{n}") for n, each in enumerate(grids)]


def _hardest(name: str, images: Images, logits: np.ndarray, most: bool) -> Grid:
    """The images of the largest logits, or of the smallest."""
    worst = np.argsort(-logits if most else logits, kind="stable")[:SHOWN]
    wrong, called = (logits > 0, "generated") if most else (logits <= 0, "natural")
    return Grid(
        "mistakes",
        f"Hardest of {name}",
        f"{wrong.sum():,} of {len(logits):,} are called {called} at 0.5. Logits: "
        f"{', '.join(f'{each:.1f}' for each in logits[worst])}.",
        image_grid(images.read(worst), columns=len(worst)),
    )


def _axes(xlabel: str, ylabel: str, height: float = 3.8):
    from matplotlib.figure import Figure as Canvas

    figure = Canvas((6.4, height), facecolor="white")
    axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    dress(axis, xlabel, ylabel)
    return figure, axis


def _finish(figure, axis, title: str, path: Path) -> Path:
    count = len(axis.get_legend_handles_labels()[0])
    place: dict[str, Any] = {"loc": "best"}
    if count > TOGETHER:
        place = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
    columns = -(-count // LEGEND_ROWS)
    axis.legend(frameon=False, fontsize=8, labelcolor=INK, ncols=columns, **place)
    surround(figure, title)
    return save(figure, path)
