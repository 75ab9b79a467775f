"""Classifier steps against their losses, and what they learn."""

import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.classifiers import (
    ClassifierConfig,
    ClassifierTask,
    DigitConfig,
    DigitTask,
    predict,
)
from gan_knowledge_gaps.data import ArrayImages

SHAPE = (28, 28, 1)
RATE = 1e-3


def noise(seed: int, low: int, high: int, count: int = 32) -> ArrayImages:
    """Images of uniform noise in [low, high)."""
    random = np.random.default_rng(seed)
    return ArrayImages(random.integers(low, high, (count, *SHAPE), dtype=np.uint8))


def run(task, steps: int) -> dict:
    step_function = tf.function(task.train_step)
    for step in range(steps):
        batch = map(tf.constant, task.batch(step))
        metrics = step_function(tf.constant(step, tf.int64), *batch)
    return {name: float(value) for name, value in metrics.items()}


def test_classifier_metrics_are_cross_entropy_and_accuracy_at_one_half():
    config = ClassifierConfig(batch_size=16, learning_rate=RATE)
    task = ClassifierTask("cnn", config, noise(0, 0, 256), [noise(1, 0, 256)], seed=2)
    images, labels = task.batch(0)
    logits = task.model(images.astype(np.float32)).numpy()[:, 0].astype(np.float64)
    probability = 1 / (1 + np.exp(-logits))
    entropy = -np.where(labels == 1, np.log(probability), np.log(1 - probability)).mean()
    metrics = run(task, 1)
    assert metrics["loss"] == pytest.approx(entropy, rel=1e-5)
    assert metrics["accuracy"] == np.mean((probability > 0.5) == (labels == 1))


def test_classifier_learns_a_difference_that_is_there():
    config = ClassifierConfig(batch_size=16, learning_rate=RATE)
    natural, generated = noise(0, 0, 256), noise(1, 0, 200)
    task = ClassifierTask("cnn", config, natural, [generated], seed=2)
    run(task, 40)
    assert (predict(task.model, generated) > 0).all()
    assert (predict(task.model, natural) < 0).all()


def test_digit_classifier_learns_its_labels():
    random = np.random.default_rng(0)
    labels = np.arange(60) % 10
    bars = np.zeros((60, *SHAPE), np.uint8)
    for image, label in zip(bars, labels, strict=True):
        image[2 * label : 2 * label + 4] = random.integers(150, 256)
    task = DigitTask(DigitConfig(batch_size=20), ArrayImages(bars), labels, seed=1)
    run(task, 60)
    np.testing.assert_array_equal(predict(task.model, task._natural).argmax(axis=1), labels)


def test_digit_metrics_are_cross_entropy_over_ten_classes():
    labels = np.arange(32) % 10
    task = DigitTask(DigitConfig(batch_size=8), noise(0, 0, 256), labels, seed=1)
    images, chosen = task.batch(0)
    logits = task.model(images.astype(np.float32)).numpy().astype(np.float64)
    entropy = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(8), chosen]
    metrics = run(task, 1)
    assert metrics["loss"] == pytest.approx(entropy.mean(), rel=1e-5)
    assert metrics["accuracy"] == np.mean(logits.argmax(axis=1) == chosen)


def test_predict_covers_every_image_in_order():
    config = ClassifierConfig(batch_size=16)
    images = noise(0, 0, 256, count=700)  # More than one batch, and a part of one.
    model = ClassifierTask("cnn", config, images, [images], seed=0).model
    outputs = predict(model, images)
    direct = model(images.read(np.arange(700)).astype(np.float32)).numpy()
    assert outputs.shape == (700, 1)
    np.testing.assert_allclose(outputs, direct, atol=1e-5)


def test_steps_cover_the_balanced_pool_once_per_epoch():
    config = ClassifierConfig(epochs=2, batch_size=100)
    assert config.steps(images=56_000, generators=15) == 2 * 2 * 56_000 * 15 // 100
