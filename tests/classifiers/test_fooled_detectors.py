"""What a generator feels of a detector behind JPEG, in each mode, by the chain rule."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit
from sklearn.datasets import load_sample_image

from gan_knowledge_gaps.classifiers import build
from gan_knowledge_gaps.training.config import JPEG_MODES
from gan_knowledge_gaps.training.fooling import FoolingLoss
from gan_knowledge_gaps.training.jpeg import plain
from gan_knowledge_gaps.training.jpeg.codec import encode_decode

SHAPE, QUALITY, PHI = (32, 32, 3), 75, 0.3
PHOTOGRAPH = load_sample_image("china.jpg")
IMAGES = np.stack([PHOTOGRAPH[y : y + 32, 100:132] for y in (120, 180, 240)]).astype(np.float32)


@pytest.fixture(scope="module")
def detector():
    model = build("mobilenet_v2", SHAPE, 0, width=0.1, jpeg_quality=QUALITY)
    # Fresh, it would have no statistics of its own, and logits next to 0.
    for layer in model.layers[-1].layers:
        if hasattr(layer, "moving_variance"):
            layer.moving_variance.assign(0.1 + 0 * layer.moving_variance)
    return model


def seen(mode: str) -> tf.Tensor:
    """The pixels that the network behind the encoding sees."""
    images, quality = tf.constant(IMAGES), tf.fill([len(IMAGES)], QUALITY)
    whole = tf.cast(images, tf.uint8)
    return tf.cast(encode_decode(whole, quality), tf.float32) if mode != "none" else images


def through_jpeg(mode: str, slope: tf.Tensor) -> tf.Tensor:
    """A gradient behind the encoding as one in front of it."""
    if mode != "differentiable":
        return slope
    images = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        pixels = plain.encode_decode(images, tf.fill([len(IMAGES)], QUALITY))
    return tape.gradient(pixels, images, slope)


@pytest.mark.parametrize("mode", JPEG_MODES)
def test_loss_and_gradient_are_those_of_the_network_behind_the_encoding(detector, mode):
    network, pixels = detector.layers[-1], seen(mode)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        logits = network(pixels, training=False)[:, 0]
    slope = tape.gradient(logits, pixels)
    logits = logits.numpy().astype(np.float64)
    weights = [weight.copy() for weight in detector.get_weights()]

    loss, images = FoolingLoss([detector], PHI, SHAPE, mode), tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        losses = loss(images)
    gradient = tape.gradient(losses, images).numpy()

    np.testing.assert_allclose(losses, PHI * np.logaddexp(0, logits), rtol=1e-4)
    # d log(1 + exp(l)) = sigmoid(l) dl
    factor = (PHI * expit(logits))[:, None, None, None]
    expected = through_jpeg(mode, slope * tf.cast(factor, tf.float32)).numpy()
    most = np.abs(expected).max(axis=(1, 2, 3), keepdims=True)
    assert np.all(most > 1e-6)
    np.testing.assert_allclose(gradient / most, expected / most, atol=1e-3)
    for before, after in zip(weights, detector.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_two_modes_see_what_the_detector_sees_and_one_sees_no_jpeg(detector):
    direct = np.logaddexp(0, detector(IMAGES).numpy()[:, 0])
    gradual, whole, none = (
        FoolingLoss([detector], 1.0, SHAPE, mode)(IMAGES).numpy()
        for mode in ("differentiable", "straight_through", "none")
    )
    np.testing.assert_allclose(gradual, direct, rtol=1e-5)
    np.testing.assert_allclose(whole, direct, rtol=1e-5)
    assert np.abs(none - direct).min() > 1e-3
