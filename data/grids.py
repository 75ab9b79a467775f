"""Grids of sample images."""

from pathlib import Path

import numpy as np

from gan_knowledge_gaps.data.files import write_bytes
from gan_knowledge_gaps.data.picture import encode_png


def image_grid(
    images: np.ndarray, columns: int, padding: int = 2, scale: int = 1, background: int = 255
) -> np.ndarray:
    """Lays images out row by row, with empty places at the end where the last row is short.

    Args:
        images: uint8 [N, H, W, C], N > 0.
        columns: images per row.
        padding: pixels between neighbours (none around the whole), not scaled.
        scale: whole factor by which every image is enlarged, each pixel becoming a square.
        background: grey level of padding and empty places, in [0, 255].

    Returns:
        uint8 [H', W', C] with H' = rows * H * scale + (rows - 1) * padding, W' likewise.

    Raises:
        ValueError: `images` is not a non-empty uint8 [N, H, W, C], or a size is out of range.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or not len(images):
        raise ValueError(f"Need uint8 [N, H, W, C], got {images.dtype} {images.shape}.")
    if columns < 1 or padding < 0 or scale < 1:
        raise ValueError(f"Out of range: columns {columns}, padding {padding}, scale {scale}.")
    enlarged = images.repeat(scale, axis=1).repeat(scale, axis=2)
    count, height, width, channels = enlarged.shape
    rows = -(-count // columns)
    shape = (rows * (height + padding) - padding, columns * (width + padding) - padding, channels)
    grid = np.full(shape, background, np.uint8)
    for index, image in enumerate(enlarged):
        top = index // columns * (height + padding)
        left = index % columns * (width + padding)
        grid[top : top + height, left : left + width] = image
    return grid


def write_samples(path: Path, images: np.ndarray) -> None:
    """Writes images, uint8 [N, H, W, C], as a grid of at most 8 columns into a PNG file."""
    write_bytes(path, encode_png(image_grid(images, columns=min(8, len(images)))))
