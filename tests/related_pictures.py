"""Pictures that tests make: of persons in many variants, and of scenes that are all different."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance


def scene(seed: int, side: int = 96) -> Image.Image:
    """A soft picture with fine grain, unlike that of any other seed."""
    random = np.random.default_rng(seed)
    soft = Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8)).resize((side, side))
    grain = random.normal(0, 8, (side, side, 3))
    return Image.fromarray(np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8))


def variant(picture: Image.Image, seed: int) -> Image.Image:
    """The same, a little brighter or darker, shifted by up to two pixels."""
    random = np.random.default_rng(seed)
    left, top = random.integers(0, 3, 2).tolist()
    side = picture.width - 2
    moved = picture.crop((left, top, left + side, top + side))
    return ImageEnhance.Brightness(moved).enhance(random.uniform(0.9, 1.1))


def write_persons(folder: Path, persons: range, variants: int) -> str:
    """A sub-folder of variants for each person."""
    for person in persons:
        (folder / f"person{person}").mkdir(parents=True)
        for number in range(variants):
            picture = variant(scene(person), 1000 * person + number)
            picture.save(folder / f"person{person}/{number}.png")
    return str(folder)
