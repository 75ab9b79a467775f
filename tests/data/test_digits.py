"""The digits, against scikit-learn's own."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from gan_knowledge_gaps.data import load
from gan_knowledge_gaps.data.digits import read_digits


def box_average(images: np.ndarray) -> np.ndarray:
    """Averages 28x28 images over the 3.5x3.5 boxes that the 8x8 pixels cover, exactly."""
    doubled = np.kron(images, np.ones((1, 2, 2)))  # [N, 56, 56]
    return doubled.reshape(-1, 8, 7, 8, 7).mean(axis=(2, 4))


def cubic_weights(old: int, new: int) -> np.ndarray:
    """Weights [new, old] of Keys' cubic convolution (1981) with a = -1/2, to enlarge a row."""
    centres = (np.arange(new) + 0.5) * old / new - 0.5
    x = np.abs(centres[:, None] - np.arange(old))
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    weights = np.where(x < 1, near, np.where(x < 2, far, 0))
    return weights / weights.sum(axis=1, keepdims=True)


def test_they_are_the_digits_of_scikit_learn():
    images, labels = read_digits(None, 28, 1)
    bunch = load_digits()
    assert images.shape == (1797, 28, 28, 1)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert labels.tolist() == bunch.target.tolist()
    # A box average of bicubic interpolation is not quite the original (0.9896); with the images
    # shifted by one pixel it is 0.946.
    averages = box_average(images[..., 0].astype(np.float64))
    assert np.corrcoef(averages.ravel(), bunch.images.ravel())[0, 1] > 0.985


def test_they_are_resized_by_cubic_convolution():
    # Along rows and then along columns, each clipped to bytes; Pillow's weights are rounded.
    weights = cubic_weights(8, 28)
    rows = np.clip(load_digits().images * (255 / 16) @ weights.T, 0, 255)  # [N, 8, 28]
    expected = np.clip(weights @ rows, 0, 255)  # [N, 28, 28]
    images, _ = read_digits(None, 28, 1)
    assert np.abs(images[..., 0] - expected).max() < 2


def test_they_use_the_whole_range():
    images, _ = read_digits(None, 28, 1)
    assert images.min() == 0
    assert images.max() == 255
    # A mean of 16ths, in 255ths.
    assert images.mean() == pytest.approx(load_digits().images.mean() * 255 / 16, rel=0.02)


def test_at_their_own_size_they_are_only_scaled():
    images, _ = read_digits(None, 8, 3)
    scaled = load_digits().images * (255 / 16)
    for channel in range(3):
        assert np.abs(images[..., channel] - scaled).max() <= 0.5


def test_they_are_smooth():
    # The steps between neighbours shrink with the pixels; repeated pixels would keep them.
    images, _ = read_digits(None, 28, 1)
    small, _ = read_digits(None, 8, 1)

    def largest_step(array):
        return np.abs(np.diff(array.astype(int), axis=2)).max()

    assert largest_step(images) < 0.7 * largest_step(small)


def test_their_fingerprint_never_changes():
    # Pinned: Pillow resizes in integers, so this is the same on every machine.
    dataset = load("digits")
    assert (len(dataset.train), len(dataset.evaluation)) == (1437, 360)
    assert dataset.fingerprint == (
        "70fa233c94bc913b31a21831f9158cb28771a9d7b2409c4336c5049c68bec87d"
    )


def test_a_folder_is_refused(tmp_path, input_error):
    assert "leave out --data_dir" in input_error(load, "digits", tmp_path)
