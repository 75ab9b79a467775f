"""The paper's CNN against the supplement's words and a float64 definition."""

import numpy as np
import pytest

from gan_knowledge_gaps.classifiers import build
from gan_knowledge_gaps.data import InputError


def convolution(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Valid cross-correlation by definition: images [N, H, W, C], kernel [3, 3, C, F]."""
    windows = np.lib.stride_tricks.sliding_window_view(images, kernel.shape[:2], axis=(1, 2))
    return np.einsum("nhwcab,abcf->nhwf", windows, kernel) + bias


def max_pool(images: np.ndarray) -> np.ndarray:
    """Maximum of 2x2 blocks; an odd last row or column falls away."""
    height, width = images.shape[1] // 2 * 2, images.shape[2] // 2 * 2
    cut = images[:, :height, :width]
    return np.maximum.reduce([cut[:, a::2, b::2] for a in (0, 1) for b in (0, 1)])


def reference(images: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """The classifier in float64."""
    x = images.astype(np.float64) / 127.5 - 1
    for kernel, bias in (weights[0:2], weights[2:4]):
        x = max_pool(np.maximum(convolution(x, kernel.astype(np.float64), bias), 0))
    return x.reshape(len(x), -1) @ weights[4].astype(np.float64) + weights[5]


# A bfloat16 keeps 8 bits: each rounding moves a value by up to 1/256 of it.
@pytest.mark.parametrize(
    ("precision", "least", "most"), [("float32", 0, 1e-4), ("mixed_bfloat16", 1e-4, 1e-2)]
)
def test_cnn_equals_its_float64_definition(precision, least, most):
    random = np.random.default_rng(0)
    model = build("cnn", (28, 28, 1), seed=1, precision=precision)
    model.set_weights([w + random.normal(0, 0.1, w.shape) for w in model.get_weights()])
    images = random.integers(0, 256, (5, 28, 28, 1)).astype(np.float32)
    logits = model(images).numpy()
    assert logits.dtype == np.float32
    expected = reference(images, model.get_weights())
    assert least <= np.abs(logits - expected).max() / np.abs(expected).max() <= most


@pytest.mark.parametrize("size", [8, 9, 10])
def test_cnn_takes_10_pixels_or_says_so(size):
    images = np.random.default_rng(0).integers(0, 256, (2, size, size, 1)).astype(np.float32)
    if size < 10:
        with pytest.raises(InputError, match=f"at least 10x10, not {size}x{size}"):
            build("cnn", (size, size, 1), 0)
    logits = build("cnn", (size, size, 1), 0, enlarge=True)(images).numpy()
    assert logits.shape == (2, 1) and np.isfinite(logits).all()
    if size == 10:
        np.testing.assert_array_equal(build("cnn", (size, size, 1), 0)(images).numpy(), logits)


def test_cnn_has_as_many_parameters_as_counted_by_hand():
    first = 3 * 3 * 1 * 32 + 32
    second = 3 * 3 * 32 * 64 + 64
    logit = 5 * 5 * 64 + 1  # 28 -> 26 -> 13 -> 11 -> 5
    assert build("cnn", (28, 28, 1), seed=0).count_params() == first + second + logit


def test_instances_differ_by_their_seed():
    first, again, other = (build("cnn", (28, 28, 1), seed).get_weights() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0] != other[0]).all()


def test_an_unknown_architecture_is_one_clear_line():
    with pytest.raises(InputError, match="'vgg'"):
        build("vgg", (28, 28, 1), seed=0)
