"""Graphs with custom gradients: what they compute, and that they go."""

import gc
import weakref

import tensorflow as tf

from gan_knowledge_gaps.training import custom_gradients


@tf.custom_gradient
def doubled(x):
    return 2 * x, lambda upstream: 7 * upstream  # no gradient of 2 x: it must be the given one


def gradient_graph():
    @tf.function
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = doubled(x)
        return tape.gradient(y, x)

    return gradient.get_concrete_function(tf.TensorSpec([], tf.float32))


def test_a_graph_goes_with_its_function():
    names = set(custom_gradients.registered())
    with custom_gradients.release_gradient_registry():
        function = gradient_graph()
        assert function(tf.constant(3.0)) == 7.0
    assert set(custom_gradients.registered()) == names
    assert function(tf.constant(3.0)) == 7.0  # It can still be called.
    graph = weakref.ref(function.graph)
    del function
    gc.collect()
    assert graph() is None


def test_what_was_registered_before_stays():
    function = gradient_graph()
    names = set(custom_gradients.registered())
    assert any(name.startswith("CustomGradient-") for name in names)
    with custom_gradients.release_gradient_registry():
        gradient_graph()
    assert set(custom_gradients.registered()) == names
    assert function(tf.constant(3.0)) == 7.0
