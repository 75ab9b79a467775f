"""Convolutions that resample equal the filter and the convolution one after the other."""

import numpy as np
import pytest
import reference
import scipy.signal
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.ops import (
    conv_downsample_2d,
    downsample_2d,
    upsample_2d,
    upsample_conv_2d,
)

RANDOM = np.random.default_rng(0)


def full_conv(images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Correlates with weights [kh, kw, in, out], wherever one of them meets a pixel."""
    n, _, _, channels = images.shape
    return np.stack(
        [
            sum(
                np.stack(
                    [
                        scipy.signal.correlate2d(images[k, :, :, i], weights[:, :, i, o])
                        for k in range(n)
                    ]
                )
                for i in range(channels)
            )
            for o in range(weights.shape[3])
        ],
        axis=-1,
    )


def crop_same(full: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What "SAME" leaves of it: the first of them meets a pixel with its last weight."""
    height, width = weights.shape[:2]
    return full[
        :,
        height // 2 : full.shape[1] - (height - 1) // 2,
        width // 2 : full.shape[2] - (width - 1) // 2,
    ]


CASES = {
    "as in StyleGAN2": ((3, 3), [1, 3, 3, 1], (2, 2), (6, 8)),
    "odd kernel, even weights": ((2, 4), [1, 2, 1], (2, 2), (7, 6)),
    "other factors": ((3, 2), [1, 4, 6, 4, 1], (3, 1), (9, 5)),
    "one weight": ((1, 1), [1, 3, 3, 1], (2, 2), (5, 6)),
    "not separable": ((3, 5), RANDOM.uniform(size=(3, 5)), (1, 2), (5, 8)),
    "large weights": ((7, 7), [1, 1], (2, 2), (8, 8)),
}


def case(name: str):
    weights, kernel, factor, size = CASES[name]
    matrix = np.outer(kernel, kernel) if np.ndim(kernel) == 1 else kernel
    matrix = np.float64(np.float32(matrix / np.sum(matrix)))
    images = RANDOM.normal(size=(2, *size, 3))
    return images, RANDOM.normal(size=(*weights, 3, 4)), kernel, matrix, factor


def run(function, images, weights, *arguments, layout: str, **options) -> np.ndarray:
    images, weights = tf.constant(images), tf.constant(weights)
    if layout == "NCHW":
        images = tf.transpose(images, [0, 3, 1, 2])
    output = function(images, weights, *arguments, data_format=layout, **options)
    return (tf.transpose(output, [0, 2, 3, 1]) if layout == "NCHW" else output).numpy()


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("name", CASES)
def test_upsampling_equals_filter_then_convolution(name, layout, implementation):
    images, weights, kernel, matrix, factor = case(name)
    output = run(
        upsample_conv_2d,
        images,
        weights,
        kernel,
        factor,
        layout=layout,
        implementation=implementation,
    )
    # The enlarged image with all of the filter's tails, 20 pixels further than it reaches.
    margin = 20
    size = [n * f for n, f in zip(images.shape[1:3], factor, strict=True)]
    before = [(k + f - 1) // 2 for k, f in zip(matrix.shape, factor, strict=True)]
    padding = [
        value
        for i in (0, 1)
        for value in (before[i] + margin, matrix.shape[i] - 1 - before[i] + margin)
    ]
    scale = factor[0] * factor[1]
    large = scale * reference.upfirdn_2d(images, matrix, factor, (1, 1), padding)
    expected = crop_same(full_conv(large, weights), weights)
    expected = expected[:, margin : margin + size[0], margin : margin + size[1]]
    np.testing.assert_allclose(output, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("name", CASES)
def test_downsampling_equals_convolution_then_filter(name, layout, implementation):
    images, weights, kernel, matrix, factor = case(name)
    output = run(
        conv_downsample_2d,
        images,
        weights,
        kernel,
        factor,
        layout=layout,
        implementation=implementation,
    )
    # The convolution's result with all of its tails, which the filter sees in place of zeros.
    full = full_conv(images, weights)
    padding = []
    for i in (0, 1):
        before = (matrix.shape[i] - factor[i] + 1) // 2
        after = matrix.shape[i] - factor[i] - before
        padding += [before - weights.shape[i] // 2, after - (weights.shape[i] - 1) // 2]
    expected = reference.upfirdn_2d(full, matrix, (1, 1), factor, padding)
    np.testing.assert_allclose(output, expected, rtol=1e-6, atol=1e-6)


def test_inside_they_equal_the_public_functions_one_after_the_other(implementation):
    images = tf.constant(RANDOM.normal(size=(2, 12, 14, 3)))
    weights = tf.constant(RANDOM.normal(size=(3, 3, 3, 4)))
    options = {"implementation": implementation}
    fused = upsample_conv_2d(images, weights, **options)
    apart = tf.nn.conv2d(upsample_2d(images, **options), weights, 1, "SAME")
    assert fused.shape == apart.shape == (2, 24, 28, 4)
    np.testing.assert_allclose(fused[:, 1:-1, 1:-1], apart[:, 1:-1, 1:-1], rtol=1e-9, atol=1e-12)
    fused = conv_downsample_2d(images, weights, **options)
    apart = downsample_2d(tf.nn.conv2d(images, weights, 1, "SAME"), **options)
    assert fused.shape == apart.shape == (2, 6, 7, 4)
    np.testing.assert_allclose(fused[:, 1:-1, 1:-1], apart[:, 1:-1, 1:-1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("function", [upsample_conv_2d, conv_downsample_2d])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_weights_and_images_have_gradients_of_two_orders(function, layout, implementation):
    images = RANDOM.normal(size=(2, 4, 6, 3) if layout == "NHWC" else (2, 3, 4, 6))
    weights, kernel = RANDOM.normal(size=(3, 3, 3, 2)), [1, 3, 3, 1]
    steps = [RANDOM.normal(size=images.shape), RANDOM.normal(size=weights.shape)]

    @tf.function(
        input_signature=[
            tf.TensorSpec([None] * 4, tf.float64),
            tf.TensorSpec([3, 3, 3, 2], tf.float64),
        ]
    )
    def penalty(images, weights):
        with tf.GradientTape() as tape:
            tape.watch(images)
            output = function(
                images, weights, kernel, data_format=layout, implementation=implementation
            )
            loss = tf.reduce_sum(output**3)
        return tf.reduce_sum(tape.gradient(loss, images) ** 2)

    inputs = [tf.constant(images), tf.constant(weights)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = penalty(*inputs)
    gradients = tape.gradient(value, inputs)
    for i in (0, 1):
        ends = []
        for change in (1e-5, -1e-5):
            moved = list(inputs)
            moved[i] = inputs[i] + change * steps[i]
            ends.append(penalty(*moved))
        difference = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose(np.sum(gradients[i] * steps[i]), difference, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("function", [upsample_conv_2d, conv_downsample_2d])
def test_half_types(function, dtype, implementation):
    images, weights = RANDOM.normal(size=(1, 6, 6, 8)), RANDOM.normal(size=(3, 3, 8, 4)) / 8
    exact = function(tf.constant(images), tf.constant(weights), implementation=implementation)
    output = function(
        tf.cast(images, dtype), tf.cast(weights, dtype), implementation=implementation
    )
    assert output.dtype == dtype
    scale = np.abs(exact).max()
    error = np.abs(tf.cast(output, tf.float64) - exact).max()
    assert error < 8 * scale * reference.ROUNDING[dtype]


def test_weights_that_are_none_are_an_error():
    with pytest.raises(InputError, match=r"weights have shape \(3, 3\)"):
        upsample_conv_2d(tf.zeros([1, 4, 4, 3]), tf.zeros([3, 3]), implementation="tensorflow")
