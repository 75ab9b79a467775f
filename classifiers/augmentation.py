"""Augmentation of training images. Off by default, as in the paper.

Adding one is a function in AUGMENTATIONS and a field of its name in AugmentationConfig, 0 for off.
"""

import collections
import dataclasses
import zlib
from collections.abc import Callable

import numpy as np

from gan_knowledge_gaps.classifiers.perturbations import blur, jpeg, resized
from gan_knowledge_gaps.data.threads import map_in_order, usable_cores
from gan_knowledge_gaps.training.config import check_at_least, check_at_most


@dataclasses.dataclass(frozen=True)
class AugmentationConfig:
    """What is done to training images, natural and generated alike.

    The paper augments nothing: all is off by default. Wang et al. 2020 ("CNN-generated images are
    surprisingly easy to spot... for now") blur and encode with probability 0.5 or 0.1 each, at a
    sigma up to 3 and a quality from 30.

    Attributes:
        flip: Probability of a mirror image.
        shift: Most pixels that an image is moved by, each way; the edges are mirrored: a random
            crop of the padded image.
        crop: Probability of a random square crop that is resized to the image's size.
        crop_side: Smallest side of that crop by the image's own; drawn evenly up to 1.
        blur: Probability of a Gaussian blur.
        blur_sigma: Largest sigma of the Gaussian blur, in pixels; drawn evenly from 0 on.
        jpeg: Probability of a JPEG encoding.
        jpeg_quality: Lowest quality of the JPEG encoding; drawn evenly up to 100.

    Example:
        >>> from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig
        >>> AugmentationConfig(flip=0.5, jpeg=0.1, jpeg_quality=50).is_off
        False
    """

    flip: float = 0.0
    shift: int = 0
    crop: float = 0.0
    crop_side: float = 0.5
    blur: float = 0.0
    blur_sigma: float = 3.0
    jpeg: float = 0.0
    jpeg_quality: int = 30

    def __post_init__(self):
        check_at_least(
            self, flip=0, shift=0, crop=0, crop_side=0.01, blur=0, blur_sigma=0, jpeg=0,
            jpeg_quality=1,
        )  # fmt: skip
        check_at_most(
            self, flip=1, shift=4096, crop=1, crop_side=1, blur=1, blur_sigma=100, jpeg=1,
            jpeg_quality=100,
        )  # fmt: skip

    @property
    def is_off(self) -> bool:
        """Whether nothing is done."""
        return not any(getattr(self, name) for name in AUGMENTATIONS)

    @property
    def recorded(self) -> dict[str, float]:
        """Its fields; those of crops, which came later, only where they are on."""
        left_out = () if self.crop else ("crop", "crop_side")
        fields = dataclasses.asdict(self).items()
        return {name: value for name, value in fields if name not in left_out}


def augmented(images: np.ndarray, config: AugmentationConfig, seed: list[int]) -> np.ndarray:
    """Augments each image of a batch by itself, on all cores.

    Args:
        images: uint8 [N, H, W, C].
        config: what is done, in the order of AUGMENTATIONS.
        seed: whole numbers that determine all draws.

    Returns:
        uint8 [N, H, W, C].
    """
    if config.is_off:
        return images
    chosen = {name: each for name, each in AUGMENTATIONS.items() if getattr(config, name)}
    done = np.empty_like(images)

    def fill(indices: np.ndarray) -> None:
        for index in indices.tolist():
            image = images[index]
            for name, augment in chosen.items():
                # Draws of its own for each, so that none shifts another's.
                random = np.random.default_rng([*seed, index, zlib.crc32(name.encode())])
                image = augment(image, config, random)
            done[index] = image

    # A part of the batch for each thread: some augmentations take less time than a turn.
    collections.deque(map_in_order(fill, np.array_split(np.arange(len(images)), usable_cores())), 0)
    return done


def _flip(image: np.ndarray, config: AugmentationConfig, random: np.random.Generator) -> np.ndarray:
    return image[:, ::-1] if random.uniform() < config.flip else image


def _shift(
    image: np.ndarray, config: AugmentationConfig, random: np.random.Generator
) -> np.ndarray:
    height, width = image.shape[:2]
    edge = min(config.shift, min(height, width) - 1)
    padded = np.pad(image, [(edge, edge), (edge, edge), (0, 0)], mode="reflect")
    down, right = random.integers(-config.shift, config.shift + 1, 2).clip(-edge, edge)
    top, left = edge - down, edge - right
    return padded[top : top + height, left : left + width]


def _crop(image: np.ndarray, config: AugmentationConfig, random: np.random.Generator) -> np.ndarray:
    is_drawn, share = random.uniform() < config.crop, random.uniform(config.crop_side, 1)
    height, width = (max(1, round(share * each)) for each in image.shape[:2])
    top = random.integers(image.shape[0] - height + 1)
    left = random.integers(image.shape[1] - width + 1)
    cut = image[top : top + height, left : left + width]
    return resized(np.ascontiguousarray(cut), image.shape[:2]) if is_drawn else image


def _blur(image: np.ndarray, config: AugmentationConfig, random: np.random.Generator) -> np.ndarray:
    is_drawn, sigma = random.uniform() < config.blur, random.uniform(0, config.blur_sigma)
    return blur(image, sigma) if is_drawn else image


def _jpeg(image: np.ndarray, config: AugmentationConfig, random: np.random.Generator) -> np.ndarray:
    is_drawn, quality = random.uniform() < config.jpeg, random.integers(config.jpeg_quality, 101)
    return jpeg(np.ascontiguousarray(image), float(quality)) if is_drawn else image


# name of the field that turns it on: (uint8 [H, W, C], config, its own draws) to uint8 [H, W, C]
Augment = Callable[[np.ndarray, AugmentationConfig, np.random.Generator], np.ndarray]
AUGMENTATIONS: dict[str, Augment] = {
    "flip": _flip, "shift": _shift, "crop": _crop, "blur": _blur, "jpeg": _jpeg
}  # fmt: skip
