"""Folders of pictures that a detector can tell apart."""

from pathlib import Path

import numpy as np
from PIL import Image


def write_noise(folder: Path, count: int, coarse: int, suffix: str, seed: int) -> str:
    """Pictures of noise in squares of so many pixels."""
    folder.mkdir()
    random = np.random.default_rng(seed)
    for index in range(count):
        small = random.integers(0, 256, (24 // coarse, 24 // coarse, 3), dtype=np.uint8)
        pixels = small.repeat(coarse, axis=0).repeat(coarse, axis=1)
        Image.fromarray(pixels).save(folder / f"{index}{suffix}")
    return str(folder)
