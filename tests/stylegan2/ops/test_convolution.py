"""Small convolutions, their gradients and second gradients, against TensorFlow's in float64."""

import numpy as np
import pytest
import reference
import tensorflow as tf

from stylegan2.ops import conv_2d
from stylegan2.ops.convolution import conv_2d_transpose
from training.native import library

# images, kernel, stride: channels and filters that fill blocks of 8 and 16 and that do not, sizes
# that a stride divides and that it does not, rows of one tile and of several.
CASES = [
    ((2, 5, 7, 3), (3, 3, 3, 5), 1),
    ((3, 8, 8, 16), (3, 3, 16, 16), 1),
    ((1, 4, 4, 33), (3, 3, 33, 32), 1),
    ((2, 4, 13, 8), (2, 5, 8, 17), 1),
    ((2, 9, 9, 4), (3, 3, 4, 9), 2),
    ((2, 10, 8, 5), (3, 3, 5, 24), 2),
    ((1, 11, 11, 3), (3, 3, 3, 3), 3),
    ((4, 4, 4, 7), (1, 1, 7, 1), 1),
]


def normal(shape, seed: int) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float64)


def everything(convolve, images: tf.Tensor, kernel: tf.Tensor) -> list[np.ndarray]:
    """A convolution, its gradients, and those of a function of these."""
    with tf.GradientTape() as outer:
        outer.watch([images, kernel])
        with tf.GradientTape() as inner:
            inner.watch([images, kernel])
            output = convolve(images, kernel)
            loss = tf.reduce_sum(tf.sin(output))
        first = inner.gradient(loss, [images, kernel])
        second = sum(tf.reduce_sum(tf.sin(each)) for each in first)
    return [each.numpy() for each in (output, *first, *outer.gradient(second, [images, kernel]))]


@pytest.mark.parametrize(("images", "kernel", "stride"), CASES)
def test_it_is_tensorflows_convolution_to_the_second_derivative(
    implementation, images, kernel, stride
):
    padding = "SAME" if stride == 1 else "VALID"
    images, kernel = normal(images, 0), normal(kernel, 1) / 4
    expected = everything(lambda x, w: tf.nn.conv2d(x, w, stride, padding), images, kernel)
    found = everything(
        lambda x, w: conv_2d(x, w, stride, implementation),
        tf.cast(images, tf.float32), tf.cast(kernel, tf.float32),
    )  # fmt: skip
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5 * np.abs(other).max())


@pytest.mark.parametrize("size", [(9, 9), (10, 9)])
def test_it_is_tensorflows_transposed_convolution(size):
    reference.custom_module()
    images, kernel = normal((2, 4, 4, 6), 0), normal((3, 3, 5, 6), 1) / 4
    shape = [2, *size, 5]
    expected = everything(
        lambda x, w: tf.nn.conv2d_transpose(x, w, shape, 2, "VALID"), images, kernel
    )
    found = everything(
        lambda x, w: conv_2d_transpose(x, w, size, 2, "custom"),
        tf.cast(images, tf.float32), tf.cast(kernel, tf.float32),
    )  # fmt: skip
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5 * np.abs(other).max())


def used(images: tf.TensorSpec, kernel: tf.TensorSpec) -> set[str]:
    graph = tf.function(lambda x, w: conv_2d(x, w)).get_concrete_function(images, kernel).graph
    return {each.type for each in graph.get_operations() if "Conv2D" in each.type}


def test_only_small_float32_images_of_known_shapes_are_its_own():
    reference.custom_module()
    kernel = tf.TensorSpec((3, 3, 8, 8), tf.float32)
    assert used(tf.TensorSpec((32, 8, 8, 8)), kernel) == {"GapsConv2D"}
    assert used(tf.TensorSpec((32, 64, 64, 8)), kernel) == {"Conv2D"}
    assert used(tf.TensorSpec((32, None, 8, 8)), kernel) == {"Conv2D"}
    half = (tf.TensorSpec(each, tf.bfloat16) for each in ((32, 8, 8, 8), (3, 3, 8, 8)))
    assert used(*half) == {"Conv2D"}


def test_inputs_that_do_not_fit_are_an_error():
    reference.custom_module()
    module = library.load("custom")
    with pytest.raises(tf.errors.InvalidArgumentError, match="do not fit"):
        module.gaps_conv2d(
            tf.zeros([1, 4, 4, 3]), tf.zeros([3, 3, 2, 5]), stride=1, padding=[1, 1], size=[4, 4]
        )
