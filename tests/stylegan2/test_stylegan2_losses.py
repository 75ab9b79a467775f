"""The losses against closed forms and finite differences."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit

from gan_knowledge_gaps.stylegan2 import build_networks, losses

ZERO = tf.UnconnectedGradients.ZERO
TINY = {"resolution": 8, "fmap_base": 16, "fmap_max": 4, "latent_dim": 3, "w_dim": 3}


def test_logistic_losses_are_log_probabilities():
    generated, natural = np.array([[-3.0], [0.5], [4.0]]), np.array([[2.0], [-1.0], [0.0]])
    np.testing.assert_allclose(
        losses.generator_logistic(tf.constant(generated)), -np.log(expit(generated[:, 0]))
    )
    expected = -np.log(1 - expit(generated[:, 0])) - np.log(expit(natural[:, 0]))
    np.testing.assert_allclose(
        losses.discriminator_logistic(tf.constant(generated), tf.constant(natural)), expected
    )


def test_r1_of_a_quadratic_has_its_closed_form_and_gradient():
    random = np.random.default_rng(0)
    images = random.normal(size=(3, 4, 4, 2))
    a = tf.Variable(0.7, dtype=tf.float64)
    with tf.GradientTape() as tape:
        penalty = losses.r1_penalty(
            lambda x: a * tf.reduce_sum(x**2, axis=[1, 2, 3])[:, None], tf.constant(images), 10.0
        )
    energy = (images**2).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(penalty, 10 / 2 * 4 * 0.7**2 * energy)  # Gradient 2 a x.
    assert tape.gradient(penalty, a).numpy() == pytest.approx((10 / 2 * 8 * 0.7 * energy).sum())


def test_path_lengths_of_a_linear_synthesis_have_their_closed_form():
    random = np.random.default_rng(0)
    matrix = random.normal(size=(5, 6, 2 * 4 * 3))  # [layers, dimensions, pixels and colours]
    w, noise = random.normal(size=(7, 5, 6)), random.normal(size=(7, 2, 4, 3))

    def synthesis(values):
        return tf.reshape(tf.einsum("nld,ldp->np", values, matrix), [-1, 2, 4, 3])

    scaled = noise.reshape(7, -1) / np.sqrt(2 * 4)  # By height and width, not by colours.
    gradient = np.einsum("ldp,np->nld", matrix, scaled)
    expected = np.sqrt((gradient**2).sum(axis=2).mean(axis=1))
    lengths = losses.path_lengths(synthesis, tf.constant(w), tf.constant(noise))
    np.testing.assert_allclose(lengths, expected)


def test_the_path_length_penalty_is_the_weighted_squared_distance_from_the_moved_mean():
    # Their mean, 2.5, moves 2 to 2.05.
    penalty = losses.path_length_penalty(tf.constant([1.0, 4.0]), tf.constant(2.0), 0.1, 2.0)
    np.testing.assert_allclose(penalty, [2 * 1.05**2, 2 * 1.95**2], rtol=1e-6)


@pytest.mark.parametrize("decay", [0.0, 0.01, 0.3, 1.0])
def test_the_path_length_gradient_goes_through_the_moved_mean(decay):
    lengths = tf.constant(np.random.default_rng(0).uniform(1, 5, 6))
    mean = tf.constant(0.7, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(lengths)
        loss = tf.reduce_mean(losses.path_length_penalty(lengths, mean, decay, 2.0))
    l, m = lengths.numpy(), 0.7  # noqa: E741 - as in the equation
    expected = 2 * 2 / 6 * ((l - m) - decay * (2 - decay) * (l.mean() - m))
    np.testing.assert_allclose(tape.gradient(loss, lengths), expected, rtol=1e-12, atol=1e-15)


def smooth(network):
    """The network with swish for leaky ReLU, whose kinks differences would step over."""
    for layer in network._flatten_layers():
        if getattr(layer, "activation", None) == "lrelu":
            layer.activation = "swish"
    return network


def directional(function, variables, seed: int, epsilon: float) -> tuple[float, float]:
    """The derivative along a random direction: by the tape, and by central differences."""
    random = np.random.default_rng(seed)
    with tf.GradientTape() as tape:
        value = function()
    gradients = tape.gradient(value, variables, unconnected_gradients=ZERO)
    directions = [random.normal(size=v.shape).astype(np.float32) for v in variables]
    exact = sum(float(np.sum(g * d)) for g, d in zip(gradients, directions, strict=True))
    ends = []
    start = [v.numpy() for v in variables]
    for sign in (1, -1):
        for variable, origin, direction in zip(variables, start, directions, strict=True):
            variable.assign(origin + sign * epsilon * direction)
        ends.append(float(function()))
    for variable, origin in zip(variables, start, strict=True):
        variable.assign(origin)
    return exact, (ends[0] - ends[1]) / (2 * epsilon)


@pytest.mark.parametrize("architecture", ["resnet", "skip"])
def test_r1_gradients_of_the_discriminator_agree_with_finite_differences(architecture):
    _, discriminator = build_networks("config-f", **TINY, discriminator_architecture=architecture)
    smooth(discriminator)
    images = tf.random.stateless_normal((4, 8, 8, 3), seed=(1, 2))

    def penalty():
        return tf.reduce_mean(losses.r1_penalty(discriminator, images, 10.0))

    variables = [v.value for v in discriminator.trainable_variables]
    for seed in range(3):
        exact, difference = directional(penalty, variables, seed, 3e-3)
        assert difference == pytest.approx(exact, rel=0.02, abs=0.02 * float(penalty()))


def test_path_length_gradients_of_the_generator_agree_with_finite_differences():
    generator, _ = build_networks("config-f", **TINY)
    smooth(generator)
    noise = tf.random.stateless_normal((4, 8, 8, 3), seed=(1, 2))
    z = tf.random.stateless_normal((4, 3), seed=(3, 4))

    def penalty():
        lengths = losses.path_lengths(
            lambda w: generator.synthesis(w, noise="constant"), generator.mapping(z), noise
        )
        return tf.reduce_mean(losses.path_length_penalty(lengths, 0.1, 0.05, 2.0))

    # The mapping network's weights are a hundred times as large, and move as much more.
    variables = [v.value for v in generator.synthesis.trainable_variables]
    for seed in range(3):
        exact, difference = directional(penalty, variables, seed, 3e-3)
        assert difference == pytest.approx(exact, rel=0.02, abs=0.02 * float(penalty()))
