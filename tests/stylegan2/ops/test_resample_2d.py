"""Resampling by the filter: sizes, sums, and where pixels come to lie."""

import numpy as np
import pytest
import reference
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.ops import downsample_2d, filter_2d, upsample_2d

RANDOM = np.random.default_rng(0)
BINOMIAL = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def centre(images) -> tuple[float, float]:
    """The centre of mass of one image, [1, H, W, 1]: of pixels' middles, 0 to the size."""
    image = np.asarray(images)[0, :, :, 0]
    rows, columns = (np.arange(size) + 0.5 for size in image.shape)
    return (image.sum(1) @ rows / image.sum(), image.sum(0) @ columns / image.sum())


def dot(size: int, row: int, column: int) -> tf.Tensor:
    image = np.zeros((1, size, size, 1))
    image[0, row, column] = 1
    return tf.constant(image)


def test_by_default_they_filter_with_the_binomial_of_order_3(implementation):
    images = RANDOM.normal(size=(2, 6, 5, 3))
    for function, gain, rates, padding in (
        (upsample_2d, 4, ((2, 2), (1, 1)), (2, 1, 2, 1)),
        (downsample_2d, 1, ((1, 1), (2, 2)), (1, 1, 1, 1)),
        (filter_2d, 1, ((1, 1), (1, 1)), (2, 1, 2, 1)),
    ):
        expected = gain * reference.upfirdn_2d(images, BINOMIAL, *rates, padding)
        output = function(tf.constant(images), implementation=implementation)
        np.testing.assert_allclose(output, expected, rtol=1e-12)
        doubled = function(tf.constant(images), gain=2, implementation=implementation)
        np.testing.assert_allclose(doubled, 2 * expected, rtol=1e-12)
        moved = tf.transpose(tf.constant(images), [0, 3, 1, 2])
        moved = function(moved, data_format="NCHW", implementation=implementation)
        np.testing.assert_allclose(tf.transpose(moved, [0, 2, 3, 1]), expected, rtol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("factor", [(1, 2), (2, 3), (4, 1)])
def test_sizes_are_exact_for_any_kernel(size, factor, implementation):
    kernel, images = np.ones(size), tf.zeros([1, 9, 10, 2])
    up = upsample_2d(images, kernel, factor, implementation=implementation)
    assert up.shape == (1, 9 * factor[0], 10 * factor[1], 2)
    down = downsample_2d(images, kernel, factor, implementation=implementation)
    assert down.shape == (1, 9 // factor[0], 10 // factor[1], 2)
    assert filter_2d(images, kernel, implementation=implementation).shape == images.shape


@pytest.mark.parametrize("kernel", [[1, 1], [1, 3, 3, 1], [1, 5, 10, 10, 5, 1]])
def test_constants_stay_constant_away_from_the_border(kernel, implementation):
    images = tf.fill([1, 12, 12, 1], tf.constant(7, tf.float64))
    for function in (upsample_2d, downsample_2d, filter_2d):
        inside = function(images, kernel, implementation=implementation)[:, 4:-4, 4:-4]
        if function is downsample_2d:
            inside = function(images, kernel, implementation=implementation)[:, 2:-2, 2:-2]
        assert len(np.ravel(inside))
        np.testing.assert_allclose(inside, np.full(inside.shape, 7.0), rtol=1e-6)


def test_pixels_keep_their_centres(implementation):
    options = {"implementation": implementation}
    assert centre(dot(16, 6, 9)) == (6.5, 9.5)
    for kernel, factor in (([1, 3, 3, 1], 2), ([1, 1], 2), ([1, 2, 1], 3), ([1, 2, 3, 2, 1], 1)):
        large = upsample_2d(dot(16, 6, 9), kernel, factor, **options)
        assert centre(large) == pytest.approx((6.5 * factor, 9.5 * factor))
    # A block of 2 x 2, each of whose pixels weighs the same at both ends of its own.
    block = dot(16, 6, 8) + dot(16, 6, 9) + dot(16, 7, 8) + dot(16, 7, 9)
    assert centre(downsample_2d(block, **options)) == pytest.approx((3.5, 4.5))
    assert centre(filter_2d(dot(16, 6, 9), [1, 2, 1], **options)) == pytest.approx((6.5, 9.5))
    # Kernels without a middle: half a pixel down and to the right.
    assert centre(filter_2d(dot(16, 6, 9), [1, 1], **options)) == pytest.approx((7, 10))
    assert centre(upsample_2d(dot(16, 6, 9), [1, 2, 1], 2, **options)) == pytest.approx(
        (13.5, 19.5)
    )


def test_a_kernel_whose_sum_is_0_cannot_be_normalised():
    with pytest.raises(InputError, match="kernel sums up to 0"):
        filter_2d(tf.zeros([1, 4, 4, 1]), [[1.0, -1.0]], implementation="tensorflow")
