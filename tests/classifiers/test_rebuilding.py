"""Rebuilt networks: one small network with every kind of layer that Keras Applications have."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.applications.convnext import LayerScale, StochasticDepth

from gan_knowledge_gaps.classifiers.rebuilding import rebuild

layers = keras.layers


def network() -> keras.Model:
    """Every kind of layer, dropout in training, and weights from Keras' global generator."""
    images = keras.Input([8, 8, 3], name="images")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32")(images)
    stem = [layers.Conv2D(20, 2, strides=2), layers.LayerNormalization(epsilon=1e-6)]
    x = keras.Sequential(stem)(x)
    block = layers.Conv2D(20, 3, padding="same", groups=20)(x)
    block = layers.Dense(30, activation="gelu")(block)
    block = LayerScale(0.5, 20)(layers.Dense(20)(block))
    x = x + StochasticDepth(0.5)(block)  # An operation, no layer.
    x = layers.SeparableConv2D(10, 3, padding="same")(x)
    x = layers.BatchNormalization(momentum=0.999)(layers.DepthwiseConv2D(3)(x))
    squeezed = layers.Reshape((1, 1, 10))(layers.GlobalAveragePooling2D()(x))
    squeezed = layers.Conv2D(10, 1, activation="sigmoid")(layers.Conv2D(4, 1)(squeezed))
    x = layers.Multiply()([x, squeezed])
    x = layers.Add()([x, layers.Dropout(0.5, noise_shape=(None, 1, 1, 1))(x)])
    x = layers.Concatenate()([x, layers.Conv2D(5, 1)(x)])
    return keras.Model(images, layers.Dense(1)(layers.GlobalAveragePooling2D()(x)))


def images(count: int = 4) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (count, 8, 8, 3)).astype("f")


def test_it_is_the_same_function_of_the_same_weights():
    original, new = network(), rebuild(network(), "it", 0, "float32")
    assert [each.shape for each in new.weights] == [each.shape for each in original.weights]
    new.set_weights(original.get_weights())
    np.testing.assert_allclose(new(images()), original(images()), rtol=1e-5)


def test_all_is_a_function_of_the_seed_and_the_name():
    first, again, other = (rebuild(network(), "it", seed, "float32") for seed in (1, 1, 2))
    assert first.get_config() == again.get_config()
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    kernels = [
        (a.numpy(), b.numpy())
        for a, b in zip(first.weights, other.weights, strict=True)
        if "kernel" in a.name
    ]
    assert len(kernels) == 11 and all(np.any(a != b) for a, b in kernels)
    # No two kernels, of one layer or of two, are cut from one stream of numbers.
    signs = {tuple(np.sign(a.ravel()[:20])) for a, _ in kernels}
    assert len(signs) == 11


def test_training_draws_nothing_and_normalization_has_one_momentum():
    new = rebuild(network(), "it", 0, "float32")
    once, twice = new(images(), training=True), new(images(), training=True)
    np.testing.assert_array_equal(once, twice)
    (normalization,) = (x for x in new.layers if isinstance(x, layers.BatchNormalization))
    assert normalization.momentum == 0.9 and normalization.synchronized


def test_layers_lie_flat_and_have_their_precision():
    new = rebuild(network(), "it", 0, "mixed_bfloat16")
    assert not any(isinstance(layer, keras.Model) for layer in new.layers)
    _, rescaling, *hidden, last = new.layers
    assert rescaling.compute_dtype == "float32" == last.compute_dtype
    assert {layer.compute_dtype for layer in hidden} == {"bfloat16"}
    assert {layer.variable_dtype for layer in hidden} == {"float32"}


def test_a_gradient_reaches_every_variable():
    new = rebuild(network(), "it", 0, "float32", 0.5)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(new(images(), training=True) ** 2)
    gradients = tape.gradient(loss, new.trainable_variables)
    assert new.output.dtype == "float32" and np.isfinite(loss)
    assert all(np.isfinite(x).all() and np.any(x != 0) for x in gradients)


@pytest.mark.parametrize("width", [0.01, 0.25, 1.5])
def test_a_width_scales_every_layers_channels_but_the_last(width):
    whole, new = network(), rebuild(network(), "it", 0, "float32", width)

    def outputs(model: keras.Model) -> list[int]:
        flat = [y for x in model.layers for y in getattr(x, "layers", [x])]
        return [
            (x.pointwise_kernel if isinstance(x, layers.SeparableConv2D) else x.kernel).shape[-1]
            for x in flat
            if isinstance(x, layers.Conv2D | layers.SeparableConv2D | layers.Dense)
        ]

    expected = [max(1, round(width * each)) for each in outputs(whole)]
    assert outputs(new) == [*expected[:-1], 1]
    grouped = new.get_layer("conv2d_4")
    assert grouped.groups == grouped.filters == expected[1]
    assert np.isfinite(new(images())).all()


def test_what_it_cannot_hold_is_said():
    inputs = keras.Input([8, 8, 4])
    grouped = keras.Model(inputs, layers.Dense(1)(layers.Conv2D(8, 3, groups=2)(inputs)))
    assert rebuild(grouped, "it", 0, "float32").count_params() == grouped.count_params()
    with pytest.raises(ValueError, match="2 groups"):
        rebuild(grouped, "it", 0, "float32", 0.5)
    with pytest.raises(TypeError, match="network in the network"):
        rebuild(keras.Model(inputs, grouped(inputs)), "it", 0, "float32")
