"""The derivatives of upfirdn_2d, by laws: it is linear, so that its gradient is its transpose."""

import numpy as np
import pytest
import reference
import tensorflow as tf

from gan_knowledge_gaps.stylegan2.ops import upfirdn_2d

RANDOM = np.random.default_rng(0)

# height and width, kernel, up, down, padding
CASES = {
    "blur": ((5, 6), (4, 4), (1, 1), (1, 1), (2, 1, 2, 1)),
    "up2": ((4, 5), (4, 4), (2, 2), (1, 1), (2, 1, 2, 1)),
    "down2, with samples left over": ((7, 8), (3, 4), (1, 1), (2, 2), (1, 1, 2, 1)),
    "pairs": ((5, 4), (2, 5), (3, 1), (2, 3), (1, 4, 3, 2)),
    "crop": ((6, 7), (3, 2), (2, 1), (1, 2), (-3, 1, 2, -2)),
    "crop beyond the image": ((3, 3), (2, 2), (1, 1), (1, 1), (-5, 9, 0, 0)),
    "more zeros than weights": ((3, 3), (2, 2), (4, 3), (1, 1), (1, 0, 0, 2)),
}


def matrix(size, kernel, *rest) -> np.ndarray:
    """The linear map of one image of that size, from its definition: [outputs, pixels]."""
    pixels = size[0] * size[1]
    units = np.eye(pixels).reshape(pixels, *size, 1)
    return reference.upfirdn_2d(units, kernel, *rest).reshape(pixels, -1).T


@pytest.mark.parametrize("dynamic", [False, True], ids=["eager", "dynamic"])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("name", CASES)
def test_first_and_second_derivatives(name, layout, dynamic, implementation):
    size, kernel, *rest = CASES[name]
    kernel = np.float64(np.float32(RANDOM.normal(size=kernel)))
    linear = matrix(size, kernel, *rest)
    shape = (3, *size, 1) if layout == "NHWC" else (3, 1, *size)
    images = RANDOM.normal(size=shape)

    def derivatives(images):
        with tf.GradientTape() as outer:
            outer.watch(images)
            with tf.GradientTape() as inner:
                inner.watch(images)
                output = upfirdn_2d(
                    images, kernel, *rest, data_format=layout, implementation=implementation
                )
                loss = tf.reduce_sum(output**3)
            gradient = inner.gradient(loss, images)
            square = tf.reduce_sum(gradient**2)
        return gradient, outer.gradient(square, images)

    if dynamic:
        derivatives = tf.function(
            derivatives, input_signature=[tf.TensorSpec([None] * 4, tf.float64)]
        )
    first, second = derivatives(tf.constant(images))

    # With y = M x: the gradient of sum y^3 is g = M'(3 y^2); that of g'g is M'(12 y M g).
    y = images.reshape(3, -1) @ linear.T
    g = 3 * y**2 @ linear
    np.testing.assert_allclose(first, g.reshape(shape), rtol=1e-11, atol=1e-11)
    expected = (12 * y * (g @ linear.T)) @ linear
    scale = np.abs(expected).max()
    np.testing.assert_allclose(second, expected.reshape(shape), rtol=1e-11, atol=1e-12 * scale)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_gradients_in_other_dtypes_are_rounded_once(dtype, implementation):
    size, kernel, *rest = CASES["pairs"]
    kernel = np.float64(np.float32(RANDOM.normal(size=kernel)))
    linear = matrix(size, kernel, *rest)
    images = tf.zeros([2, *size, 1], dtype)
    with tf.GradientTape() as tape:
        tape.watch(images)
        output = upfirdn_2d(images, kernel, *rest, implementation=implementation)
    upstream = tf.cast(RANDOM.normal(size=output.shape), dtype)
    gradient = tape.gradient(output, images, upstream)
    assert gradient.dtype == images.dtype
    expected = tf.cast(upstream, tf.float64).numpy().reshape(2, -1) @ linear
    np.testing.assert_allclose(
        tf.cast(gradient, tf.float64),
        expected.reshape(gradient.shape),
        rtol=1.001 * reference.ROUNDING[dtype],
        atol=4e-6,
    )


def test_no_images_have_no_gradient(implementation):
    images = tf.zeros([0, 4, 5, 2])
    with tf.GradientTape() as tape:
        tape.watch(images)
        output = upfirdn_2d(images, [1, 3, 3, 1], 2, implementation=implementation)
    assert tape.gradient(output, images).shape == images.shape


def test_the_plain_one_is_differentiated_twice_under_xla():
    size, kernel, *rest = CASES["up2"]
    kernel = np.float64(np.float32(RANDOM.normal(size=kernel)))
    linear = matrix(size, kernel, *rest)

    @tf.function(jit_compile=True)
    def second(images):
        with tf.GradientTape() as outer:
            outer.watch(images)
            with tf.GradientTape() as inner:
                inner.watch(images)
                output = upfirdn_2d(images, kernel, *rest, implementation="tensorflow")
                loss = tf.reduce_sum(output**3)
            square = tf.reduce_sum(inner.gradient(loss, images) ** 2)
        return outer.gradient(square, images)

    images = RANDOM.normal(size=(3, *size, 1))
    y = images.reshape(3, -1) @ linear.T
    expected = (12 * y * (3 * y**2 @ linear @ linear.T)) @ linear
    np.testing.assert_allclose(second(tf.constant(images)), expected.reshape(images.shape), 1e-10)
