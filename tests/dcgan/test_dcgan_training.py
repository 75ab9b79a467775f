"""The DCGAN's step against its loss functions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.classifiers import build
from gan_knowledge_gaps.data import ArrayImages, InputError
from gan_knowledge_gaps.dcgan import DCGANConfig, DCGANTask
from gan_knowledge_gaps.training.fooling import FoolingLoss
from gan_knowledge_gaps.training.randomness import derive_seed, normal

SHAPE = (28, 28, 1)
RATE = 1e-3
CONFIG = DCGANConfig(
    width=1 / 16, batch_size=6, generator_learning_rate=RATE, discriminator_learning_rate=RATE
)


@pytest.fixture
def images() -> ArrayImages:
    return ArrayImages(np.random.default_rng(0).integers(0, 256, (20, *SHAPE), dtype=np.uint8))


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, x.astype(np.float64))


def first_adam_step(gradient: np.ndarray) -> np.ndarray:
    """Adam's first update; Keras adds epsilon to the square root of the biased second moment."""
    return -RATE * gradient / (np.abs(gradient) + 1e-7 / np.sqrt(1 - 0.999))


def expected_generator_gradients(task: DCGANTask, step: int, phi: float, classifier):
    """Gradients of -log D(G(z)) - phi log C(G(z)), written out with sigmoids."""
    latents = normal((6, 100), derive_seed(task.seed, "latents"), step)
    with tf.GradientTape() as tape:
        generated = task.generator(latents, training=True)
        natural = tf.sigmoid(task.discriminator(generated))
        loss = -tf.reduce_mean(tf.math.log(natural))
        if classifier is not None:
            called_natural = 1 - tf.sigmoid(classifier((generated + 1) * 127.5))
            loss -= phi * tf.reduce_mean(tf.math.log(called_natural))
    return tape.gradient(loss, task.generator.trainable_variables)


def gentle_classifier() -> keras.Model:
    """A classifier whose logits stay where float32 sigmoids are exact."""
    classifier = build("cnn", SHAPE, seed=7)
    classifier.set_weights([weight * 0.3 for weight in classifier.get_weights()])
    return classifier


def take_step(task: DCGANTask, step: int) -> dict[str, tf.Tensor]:
    seed = tf.constant(task.draw_seed, tf.int64)
    batch = map(tf.constant, task.batch(step))
    return task.train_step(tf.constant(step, tf.int64), *batch, seed=seed)


@pytest.mark.parametrize("phi", [0.0, 2.5])
def test_generator_takes_adams_first_step_on_the_papers_loss(images, phi):
    classifier = gentle_classifier() if phi else None
    fooling = FoolingLoss([classifier], phi, SHAPE) if phi else None
    task = DCGANTask(CONFIG, images, seed=3, fooling=fooling)
    expected = expected_generator_gradients(task, 0, phi, classifier)
    # The reference pass has moved the batch statistics; weights are what is compared.
    before = [variable.numpy() for variable in task.generator.trainable_variables]
    take_step(task, 0)
    for start, variable, gradient in zip(
        before, task.generator.trainable_variables, expected, strict=True
    ):
        gradient = gradient.numpy()
        clear = np.abs(gradient) > 1e-5  # Below, rounding decides the sign of Adam's first step.
        moved = variable.numpy() - start
        np.testing.assert_allclose(
            moved[clear], first_adam_step(gradient)[clear], rtol=0.02, atol=1e-6
        )
        assert clear.any()


def test_fooling_changes_the_generators_step_and_nothing_else(images):
    classifier = gentle_classifier()
    frozen = [weight.copy() for weight in classifier.get_weights()]
    plain = DCGANTask(CONFIG, images, seed=3)
    fooling = DCGANTask(CONFIG, images, seed=3, fooling=FoolingLoss([classifier], 100.0, SHAPE))
    for task in (plain, fooling):
        take_step(task, 0)
    pairs = zip(plain.discriminator.get_weights(), fooling.discriminator.get_weights(), strict=True)
    for a, b in pairs:
        np.testing.assert_array_equal(a, b)
    differs = [
        (a != b).any()
        for a, b in zip(plain.generator.get_weights(), fooling.generator.get_weights(), strict=True)
    ]
    assert any(differs)
    for a, b in zip(frozen, classifier.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_metrics_are_the_losses_of_the_batch(images):
    classifier = gentle_classifier()
    task = DCGANTask(CONFIG, images, seed=3, fooling=FoolingLoss([classifier], 2.0, SHAPE))
    (natural,) = task.batch(5)
    latents = normal((6, 100), derive_seed(3, "latents"), 5)
    generated = task.generator(latents, training=True)
    generated_logits = task.discriminator(generated).numpy()
    natural_logits = task.discriminator(natural / np.float32(127.5) - 1).numpy()
    logits = classifier((generated + 1) * 127.5).numpy()
    metrics = take_step(task, 5)
    assert float(metrics["generator_loss"]) == pytest.approx(
        softplus(-generated_logits).mean(), rel=1e-5
    )
    assert float(metrics["discriminator_loss"]) == pytest.approx(
        (softplus(generated_logits) + softplus(-natural_logits)).mean(), rel=1e-5
    )
    assert float(metrics["fooling_loss"]) == pytest.approx(2.0 * softplus(logits).mean(), rel=1e-5)


def test_an_epoch_reads_every_image_once(images):
    task = DCGANTask(DCGANConfig(width=1 / 16, batch_size=5), images, seed=3)
    read = np.concatenate([task.batch(step)[0] for step in range(4)])
    as_bytes = sorted(image.tobytes() for image in read)
    assert as_bytes == sorted(image.tobytes() for image in images.read(np.arange(20)))


def test_the_discriminator_alone_is_widened(images):
    plain, wide = (
        DCGANTask(
            DCGANConfig(width=1 / 16, batch_size=5, discriminator_width=width), images, seed=3
        )
        for width in (1, 2)
    )
    # Convolutions of 64 / 16 x 2 = 8 and 128 / 16 x 2 = 16 channels.
    expected = (25 * 1 * 8 + 8) + (25 * 8 * 16 + 16) + (7 * 7 * 16 + 1)
    assert wide.discriminator.count_params() == expected
    assert wide.generator.count_params() == plain.generator.count_params()


def test_steps_are_whole_epochs_over_the_batch_size():
    assert DCGANConfig(epochs=50, batch_size=64).steps(56_000) == 43_750


def test_a_bad_configuration_is_one_clear_line():
    with pytest.raises(InputError, match=r"^batch_size is 0; it must be at least 2$"):
        DCGANConfig(batch_size=0)


def test_images_of_another_shape_are_refused():
    images = ArrayImages(np.zeros((4, 32, 32, 3), np.uint8))
    with pytest.raises(ValueError, match=r"\(28, 28, 1\), not \(32, 32, 3\)"):
        DCGANTask(CONFIG, images, seed=0)
