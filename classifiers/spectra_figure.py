"""Spectra as pictures."""

from pathlib import Path

import numpy as np

from gan_knowledge_gaps.report.drawing import INK, save, surround

SIDE = 2.2  # inches of a spectrum
ACROSS = 5  # spectra beside each other, so that a page shows their names at their size


def draw_spectra(path: Path, spectra: dict[str, np.ndarray], title: str) -> Path:
    """Draws averaged log power spectra side by side, and below all what differs from the first.

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

    across, rows = min(len(names), ACROSS), -(-len(names) // ACROSS)
    figure = Figure((SIDE * across + 0.8, 2 * rows * SIDE + 0.4), facecolor="white")
    halves = figure.subplots(2 * rows, across, squeeze=False).reshape(2, -1)
    for axis in halves.ravel():
        axis.set_axis_off()
    for name, top, bottom in zip(names, *halves, strict=False):
        power = top.imshow(spectra[name], cmap="viridis", vmin=low, vmax=high)
        top.set_title(name, size=9, color=INK)
        change = bottom.imshow(differences[name], cmap="RdBu_r", vmin=-most, vmax=most)
        bottom.set_title(name, size=9, color=INK)
    halves[1, 0].set_visible(False)  # of natural images
    figure.colorbar(power, ax=halves[0], shrink=0.8).set_label("log10 power", size=8)
    figure.colorbar(change, ax=halves[1], shrink=0.8).set_label(
        f"difference from {names[0]}", size=8
    )
    surround(figure, title)
    return save(figure, path)
