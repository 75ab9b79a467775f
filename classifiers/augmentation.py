"""Augmentation of training images. Off by default, as in the paper."""

import dataclasses

import numpy as np

from classifiers.perturbations import blur, jpeg
from training.config import check_at_least, check_at_most


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
        blur: Probability of a Gaussian blur.
        blur_sigma: Its largest sigma, in pixels; drawn evenly from 0 on.
        jpeg: Probability of a JPEG encoding.
        jpeg_quality: Its lowest quality; drawn evenly up to 100.
    """

    flip: float = 0.0
    shift: int = 0
    blur: float = 0.0
    blur_sigma: float = 3.0
    jpeg: float = 0.0
    jpeg_quality: int = 30

    def __post_init__(self):
        check_at_least(self, flip=0, shift=0, blur=0, blur_sigma=0, jpeg=0, jpeg_quality=1)
        check_at_most(self, flip=1, shift=4096, blur=1, blur_sigma=100, jpeg=1, jpeg_quality=100)

    @property
    def is_off(self) -> bool:
        """Whether nothing is done."""
        return not (self.flip or self.shift or self.blur or self.jpeg)


def augmented(images: np.ndarray, config: AugmentationConfig, seed: list[int]) -> np.ndarray:
    """Augments each image of a batch by itself.

    Args:
        images: uint8 [N, H, W, C].
        config: what is done, in the order of its fields.
        seed: whole numbers that determine all draws.

    Returns:
        uint8 [N, H, W, C].
    """
    if config.is_off:
        return images
    return np.stack(
        [
            _augmented_one(image, config, np.random.default_rng([*seed, index]))
            for index, image in enumerate(images)
        ]
    )


def _augmented_one(
    image: np.ndarray, config: AugmentationConfig, random: np.random.Generator
) -> np.ndarray:
    # All numbers are drawn, needed or not, so that no choice shifts the next one's.
    flips, blurs, encodes = random.uniform(size=3) < (config.flip, config.blur, config.jpeg)
    down, right = random.integers(-config.shift, config.shift + 1, 2)
    sigma = random.uniform(0, config.blur_sigma)
    quality = random.integers(config.jpeg_quality, 101)
    if flips:
        image = image[:, ::-1]
    if down or right:
        edge = min(config.shift, min(image.shape[:2]) - 1)
        padded = np.pad(image, [(edge, edge), (edge, edge), (0, 0)], mode="reflect")
        top, left = edge - np.clip(down, -edge, edge), edge - np.clip(right, -edge, edge)
        image = padded[top : top + image.shape[0], left : left + image.shape[1]]
    if blurs:
        image = blur(image, sigma)
    return jpeg(np.ascontiguousarray(image), quality) if encodes else image
