"""The fixed 80/20 split that every GAN and every classifier of every iteration shares."""

import numpy as np

from data.errors import InputError
from data.order import permutation

# An arbitrary constant (the paper's arXiv number): changing it changes every result.
SPLIT_KEY = 2303_15533


def split_indices(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Splits a data set: 80 % to train GANs and classifiers, 20 % to evaluate classifiers.

    It depends on the number of images alone: no flag or seed changes it. 70,000 images become
    56,000 and 14,000.

    Source: Pathak & Dufour, CVPR 2023, supplement 1.1.

    Args:
        size: Number of images in the whole data set.

    Returns:
        (train, evaluation): int64 [floor(0.8 * size)] and the rest; both sorted.

    Raises:
        InputError: Fewer than 5 images, so that a part would be empty.
    """
    if size < 5:
        raise InputError(f"the 80/20 split needs at least 5 images, here are {size}: add more")
    shuffled = permutation(size, SPLIT_KEY)
    train = size * 4 // 5
    return np.sort(shuffled[:train]), np.sort(shuffled[train:])
