"""The fooling loss is phi times the sum of -log P(natural), and its gradient reaches images."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.fooling import FoolingLoss

SHAPE = (2, 3, 1)
PIXELS = 6


class Linear:
    """The logit w.x + b of the pixels x; `squeeze` makes it [N] instead of [N, 1]."""

    def __init__(self, weights, bias=0.0, squeeze=False):
        self.weights, self.bias, self.squeeze = np.float32(weights), np.float32(bias), squeeze

    def __call__(self, images, training):
        assert training is False
        # No matrix product: on some GPUs its inputs would lose 13 of their 23 bits.
        pixels = tf.reshape(images, [-1, PIXELS])
        logits = tf.reduce_sum(pixels * self.weights, axis=1, keepdims=True) + self.bias
        return logits[:, 0] if self.squeeze else logits


def natural_loss(logits: np.ndarray) -> np.ndarray:
    """-log(1 / (1 + exp(logit))) in float64."""
    return np.logaddexp(0.0, np.float64(logits))


@pytest.fixture
def classifiers() -> list[Linear]:
    random = np.random.default_rng(1)
    return [
        Linear(random.normal(size=PIXELS) / 100, bias, squeeze)
        for bias, squeeze in ((0.3, False), (-1.0, True), (2.0, False))
    ]


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(2).uniform(0, 255, (5, *SHAPE)).astype(np.float32)


def loss_and_gradient(loss: FoolingLoss, images) -> tuple[np.ndarray, np.ndarray]:
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        losses = loss(images)
    return losses.numpy(), tape.gradient(losses, images).numpy()


def logits_in_double(classifiers, images) -> np.ndarray:
    """[N, number of classifiers]."""
    pixels = np.float64(images).reshape(-1, PIXELS)
    return np.stack([pixels @ np.float64(each.weights) + each.bias for each in classifiers], 1)


def test_the_loss_is_its_closed_form(classifiers, images):
    losses, _ = loss_and_gradient(FoolingLoss(classifiers, 0.7, SHAPE), images)
    assert losses.dtype == np.float32
    expected = 0.7 * natural_loss(logits_in_double(classifiers, images)).sum(axis=1)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_the_gradient_is_its_closed_form(classifiers, images):
    _, gradient = loss_and_gradient(FoolingLoss(classifiers, 0.7, SHAPE), images)
    # The derivative of log(1 + exp(l)) is 1 / (1 + exp(-l)).
    slopes = 1 / (1 + np.exp(-logits_in_double(classifiers, images)))
    expected = 0.7 * slopes @ np.stack([each.weights for each in classifiers]).astype(np.float64)
    np.testing.assert_allclose(gradient.reshape(-1, PIXELS), expected, rtol=1e-4, atol=1e-8)


def test_the_gradient_is_the_difference_quotient(classifiers, images):
    loss = FoolingLoss(classifiers, 0.7, SHAPE)
    _, gradient = loss_and_gradient(loss, images)
    direction = np.random.default_rng(3).normal(size=images.shape).astype(np.float32)
    difference = (loss(images + direction) - loss(images - direction)).numpy() / 2
    along = (gradient * direction).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(along, difference, rtol=1e-3, atol=1e-5)


def test_a_classifier_of_other_images_or_of_ten_logits_is_refused():
    grey = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(1)])
    with pytest.raises(InputError, match="takes no images of 2x3x3"):
        FoolingLoss([grey], 1.0, (2, 3, 3))
    ten = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(10)])
    with pytest.raises(InputError, match="must give each image one logit"):
        FoolingLoss([ten], 1.0, SHAPE)


def test_of_no_classifier_and_of_phi_0_nothing_is_felt(classifiers, images):
    assert FoolingLoss([], 1.0, SHAPE)(tf.constant(images)).numpy().tolist() == [0.0] * 5
    losses, gradient = loss_and_gradient(FoolingLoss(classifiers, 0, SHAPE), images)
    assert not losses.any()
    assert not gradient.any()


def test_logits_far_out_give_finite_losses_and_gradients():
    # The logit is the one bright pixel's value; exp of it would overflow, or vanish.
    bright = np.zeros((3, *SHAPE), np.float32)
    bright[:, 0, 0, 0] = [1e4, -1e4, 0]
    loss = FoolingLoss([Linear([1, 0, 0, 0, 0, 0])], 1.0, SHAPE)
    losses, gradient = loss_and_gradient(loss, bright)
    np.testing.assert_allclose(losses, [1e4, 0, np.log(2)], rtol=1e-6)
    assert gradient[:, 0, 0, 0].tolist() == [1.0, 0.0, 0.5]


def test_a_classifier_that_is_very_sure_is_not_taken_for_a_blocked_one():
    # Its loss has no gradient to speak of; its logit has.
    FoolingLoss([Linear([-100] * PIXELS)], 1.0, SHAPE)


def test_it_runs_in_a_compiled_step_with_any_number_of_images(classifiers, images):
    loss = FoolingLoss(classifiers, 0.7, SHAPE)
    compiled = tf.function(loss, input_signature=[tf.TensorSpec([None, *SHAPE])])
    for part in (images, images[:2]):
        np.testing.assert_allclose(compiled(part), loss(tf.constant(part)), rtol=1e-6)


def test_half_precision_logits_make_a_float32_loss(images):
    def half(images, training):
        return tf.cast(tf.reduce_mean(images, [1, 2, 3]) / 100, tf.float16)

    losses = FoolingLoss([half], 1.0, SHAPE)(tf.constant(images))
    assert losses.dtype == tf.float32
    expected = natural_loss(images.mean(axis=(1, 2, 3)) / 100)
    np.testing.assert_allclose(losses, expected, rtol=1e-3)


def test_a_step_of_the_generator_moves_no_classifier():
    classifier = keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Conv2D(2, 2, kernel_initializer=keras.initializers.GlorotUniform(1)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Flatten(),
            keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(2)),
        ]
    )
    generator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(PIXELS), keras.layers.Reshape(SHAPE)]
    )
    loss = FoolingLoss([classifier], 1.0, SHAPE)
    before = [each.numpy().tobytes() for each in classifier.variables]
    weights = generator.get_weights()
    latents = tf.ones((4, 2))
    with tf.GradientTape() as tape:
        losses = loss(generator(latents, training=True) * 50 + 128)
    np.testing.assert_allclose(losses, [losses[0]] * 4, rtol=1e-5)  # no dropout
    variables = generator.trainable_variables
    keras.optimizers.Adam(0.1).apply(tape.gradient(losses, variables), variables)
    assert [each.numpy().tobytes() for each in classifier.variables] == before
    assert not np.array_equal(generator.get_weights()[0], weights[0])


def jpeg(images):
    return tf.map_fn(lambda image: tf.image.adjust_jpeg_quality(image / 255, 75), images)


BLOCKS = {
    "rounding": tf.round,
    "stop_gradient": tf.stop_gradient,
    "to bytes": lambda images: tf.cast(tf.cast(images, tf.uint8), tf.float32),
    "JPEG": jpeg,
    "threshold": lambda images: tf.where(images > 100, 1.0, 0.0) + 0 * images,
    "an operation without a gradient": lambda images: tf.image.adjust_hue(images / 255, 0.1),
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_preprocessing_that_blocks_the_gradient_is_an_error_at_once(block):
    class Blocked:
        name = "blocked"

        def __call__(self, images, training):
            return tf.reduce_mean(block(images), [1, 2, 3])

    def clear(images, training):
        return tf.reduce_mean(images, [1, 2, 3])

    with pytest.raises(InputError, match=r"through classifier 1 \(blocked\)") as caught:
        FoolingLoss([clear, Blocked()], 1.0, (16, 16, 3))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("phi", [-1e-9, float("nan"), float("inf")])
def test_a_phi_that_is_no_weight_is_an_error(classifiers, phi):
    with pytest.raises(InputError, match=f"phi is {phi}"):
        FoolingLoss(classifiers, phi, SHAPE)
