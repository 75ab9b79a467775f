"""The digits that come with scikit-learn: a small stand-in for MNIST, without a download."""

import numpy as np

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.resize import add_channels, resize_gray


def read_digits(
    data_dir: str | None, resolution: int, channels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Reads the 1,797 digits of 8x8 pixels and enlarges them.

    Source: scikit-learn's `load_digits`, the test set of the UCI "Optical Recognition of
    Handwritten Digits", values 0 ... 16.

    Args:
        data_dir: None.
        resolution: Height and width.
        channels: 1 or 3 (three equal ones).

    Returns:
        Images uint8 [1797, resolution, resolution, channels], white on black, and labels 0 ... 9
        as int64 [1797].

    Raises:
        InputError: A data_dir was given.
    """
    if data_dir is not None:
        raise InputError("digits come with scikit-learn: leave out --data_dir")
    from sklearn.datasets import load_digits  # here, because it takes a second to import

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)  # [N, 8, 8]
    return add_channels(resize_gray(images, resolution), channels), bunch.target.astype(np.int64)
