"""Pictures that tests make: of persons in many variants, and of scenes that are all different."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance


def scene(seed: int, side: int = 96) -> Image.Image:
    """A soft picture with detail and fine grain, unlike that of any other seed."""
    random = np.random.default_rng(seed)
    soft, detail = (
        np.asarray(
            Image.fromarray(random.integers(0, 256, (n, n, 3), np.uint8)).resize((side, side)),
            float,
        )
        for n in (8, 24)
    )
    pixels = 0.6 * soft + 0.4 * detail + random.normal(0, 8, (side, side, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


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


def portrait(seed: int, side: int = 96) -> Image.Image:
    """A picture of a composition that all have: a dark oval in the middle of a light ground."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side - 0.5
    center, radius = random.normal(0, 0.03, 2), random.normal(0.3, 0.02)
    oval = np.hypot(1.2 * (x - center[0]), y - center[1]) < radius
    light, dark = random.integers(150, 230, 3), random.integers(30, 110, 3)
    soft = np.asarray(scene(seed, side), float) - 128
    pixels = np.where(oval[..., None], dark, light) + 0.3 * soft + random.normal(0, 8, soft.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
