"""Images of noise, as many as a data set has: plans need no data."""

import hashlib

import numpy as np

from gan_knowledge_gaps.data.datasets import Dataset
from gan_knowledge_gaps.data.images import Images, Subset, checked_indices
from gan_knowledge_gaps.data.split import split_indices

_DIFFERENT = 64  # images of noise, which repeat


class PlannedImages(Images):
    """Noise in place of images.

    Args:
        count: how many.
        shape: of one image, (H, W, C).
    """

    def __init__(self, count: int, shape: tuple[int, int, int]):
        self._count, self._shape = count, shape
        draws = np.random.default_rng(0)
        self._noise = draws.integers(0, 256, (_DIFFERENT, *shape), dtype=np.uint8)

    def __len__(self) -> int:
        return self._count

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self._shape

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of the line "planned N H W C\\n": no real images have it."""
        line = "planned {} {} {} {}\n".format(self._count, *self._shape)
        return hashlib.sha256(line.encode()).hexdigest()

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Noise as `ArrayImages.read` gives images, at the cost of a copy."""
        return self._noise[checked_indices(indices, self._count) % _DIFFERENT]


def planned(count: int, resolution: int, channels: int) -> Dataset:
    """A data set of noise with labels, split as all are.

    Args:
        count: of all images, 5 or more.
        resolution: height and width of the images.
        channels: of the images.
    """
    images = PlannedImages(count, (resolution, resolution, channels))
    train, evaluation = split_indices(count)
    return Dataset(
        name=f"{count:,} planned images",
        train=Subset(images, train),
        evaluation=Subset(images, evaluation),
        train_labels=_labels(train),
        evaluation_labels=_labels(evaluation),
    )


def _labels(indices: np.ndarray) -> np.ndarray:
    labels = indices % 10
    labels.flags.writeable = False
    return labels
