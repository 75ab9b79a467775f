"""Resizing filters and crops against float64 arithmetic."""

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data.resize import CropResize


def picture(height=32, width=32, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def lanczos(values: np.ndarray, size: int) -> np.ndarray:
    """Resamples the first axis by the windowed sinc of 3 lobes, stretched by the reduction."""
    scale = len(values) / size
    weights = np.zeros((size, len(values)))
    for i in range(size):
        distance = (np.arange(len(values)) + 0.5 - (i + 0.5) * scale) / scale
        weights[i] = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.tensordot(weights, values, 1)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_box_is_the_mean_of_blocks(factor):
    side = 32 // factor
    means = picture().astype(np.float64).reshape(side, factor, side, factor, 3).mean(axis=(1, 3))
    squared = CropResize(side, 3, "box")(Image.fromarray(picture()))
    # Rounded after the rows and after the columns.
    assert np.abs(squared - means).max() <= 1.0


@pytest.mark.parametrize("side", [8, 13, 20])
def test_lanczos_is_a_windowed_sinc(side):
    # Of little contrast, because Pillow clips after the rows and after the columns.
    soft = (picture() // 2 + 64).astype(np.uint8)
    expected = lanczos(soft.astype(np.float64), side)
    expected = lanczos(expected.swapaxes(0, 1), side).swapaxes(0, 1)
    squared = CropResize(side, 3, "lanczos")(Image.fromarray(soft))
    assert np.abs(squared - expected).max() <= 1.2


def test_the_filters_differ():
    box, other = (CropResize(8, 3, name)(Image.fromarray(picture())) for name in ("box", "lanczos"))
    assert np.abs(box.astype(int) - other).max() > 5


def test_a_square_of_the_right_size_stays():
    for name in ("box", "lanczos"):
        for crop in ("center", "none"):
            squared = CropResize(32, 3, name, crop)(Image.fromarray(picture()))
            assert np.array_equal(squared, picture())


def test_the_centre_is_cropped_unless_told_not_to(input_error):
    tall = picture(40, 32)
    assert np.array_equal(CropResize(32, 3)(Image.fromarray(tall)), tall[4:36])
    message = input_error(CropResize(32, 3, crop="none"), Image.fromarray(tall), "a.png")
    assert all(word in message for word in ("a.png", "32x40", "--crop=center"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((0, 3), "--resolution"),
        ((8, 4), "--channels"),
        ((8, 3, "cubic"), "'cubic'"),
        ((8, 3, "box", "left"), "'left'"),
    ],
)
def test_other_values_are_refused(input_error, options, message):
    assert message in input_error(CropResize, *options)
