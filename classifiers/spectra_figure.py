"""Spectra as pictures."""

from pathlib import Path

import numpy as np

from gan_knowledge_gaps.report.drawing import INK, save, surround

SIDE = 2.2  # inches of a spectrum


def draw_spectra(path: Path, spectra: dict[str, np.ndarray], title: str) -> Path:
    """Draws averaged log power spectra side by side, and below them what differs from the first.

    Args:
        path: the PNG file.
        spectra: [H, W] by name, frequency 0 in the middle; natural images first.
        title: one line.
    """
    names, first = list(spectra), next(iter(spectra.values()))
    low, high = np.percentile(np.stack(list(spectra.values())), [1, 99.9])
    differences = {name: spectrum - first for name, spectrum in spectra.items()}
    most = max(0.1, np.percentile(np.abs(np.stack(list(differences.values()))), 99.9))
    from matplotlib.figure import Figure

    figure = Figure((SIDE * len(names) + 0.8, 2 * SIDE + 0.4), facecolor="white")
    axes = figure.subplots(2, len(names), squeeze=False)
    for column, name in enumerate(names):
        top, bottom = axes[:, column]
        power = top.imshow(spectra[name], cmap="viridis", vmin=low, vmax=high)
        top.set_title(name, size=9, color=INK)
        change = bottom.imshow(differences[name], cmap="RdBu_r", vmin=-most, vmax=most)
        bottom.set_title("" if column == 0 else f"{name} - {names[0]}", size=9, color=INK)
        bottom.set_visible(column > 0)
    for axis in axes.ravel():
        axis.set_xticks([])
        axis.set_yticks([])
    figure.colorbar(power, ax=axes[0], shrink=0.8).set_label("log10 power", size=8)
    figure.colorbar(change, ax=axes[1], shrink=0.8).set_label("difference", size=8)
    surround(figure, title)
    return save(figure, path)
