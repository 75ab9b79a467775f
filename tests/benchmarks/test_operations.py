"""Counts of floating-point operations against closed forms."""

import pytest
import tensorflow as tf

from benchmarks.operations import operations

IMAGES = tf.TensorSpec([2, 8, 8, 3])
KERNEL = tf.zeros([3, 3, 3, 5])
FORWARD = 2 * (2 * 8 * 8 * 5) * (3 * 3 * 3)


def count(function, *specs: tf.TensorSpec) -> int:
    return operations(tf.function(function).get_concrete_function(*specs))


def convolution(images):
    return tf.nn.conv2d(images, KERNEL, 1, "SAME")


def slopes(images, by_kernel: bool):
    with tf.GradientTape() as tape:
        tape.watch([images, KERNEL])
        output = convolution(images) ** 2
    return tape.gradient(output, KERNEL if by_kernel else images)


def test_a_convolution_and_its_gradients():
    assert count(convolution, IMAGES) == FORWARD
    assert count(lambda images: tf.nn.conv2d(images, KERNEL, 2, "SAME"), IMAGES) == FORWARD // 4
    # The derivative by one input costs as much as the convolution; that by the other is not needed.
    assert count(lambda images: slopes(images, by_kernel=True), IMAGES) == 2 * FORWARD
    assert count(lambda images: slopes(images, by_kernel=False), IMAGES) == 2 * FORWARD


def test_a_transposed_convolution():
    images, kernel = tf.TensorSpec([2, 4, 4, 5]), tf.zeros([3, 3, 7, 5])

    def function(images):
        return tf.nn.conv2d_transpose(images, kernel, [2, 8, 8, 7], 2)

    assert count(function, images) == 2 * (2 * 4 * 4 * 5) * (3 * 3 * 7)


@pytest.mark.parametrize("transposed", [False, True])
def test_matrix_products(transposed):
    left = tf.TensorSpec([4, 3] if transposed else [3, 4])

    def function(left):
        return tf.matmul(left, tf.zeros([4, 6]), transpose_a=transposed)

    assert count(function, left) == 2 * 3 * 4 * 6
    batch = tf.TensorSpec([5, *left.shape])
    assert count(lambda batch: function(batch), batch) == 5 * 2 * 3 * 4 * 6


def test_called_functions_count_and_what_nothing_needs_does_not():
    inner = tf.function(convolution)

    def function(images):
        convolution(images + 1.0)  # for nothing
        return inner(images)

    assert count(function, IMAGES) == FORWARD


def test_what_a_variable_takes_counts():
    variable = tf.Variable(tf.zeros([2, 8, 8, 5]))

    def function(images):
        variable.assign(convolution(images))

    assert count(function, IMAGES) == FORWARD
