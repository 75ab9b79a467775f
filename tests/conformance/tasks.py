"""Small trainings of every kind, for the laws that all of them must obey."""

import numpy as np

from classifiers import ClassifierConfig, ClassifierTask, DigitConfig, DigitTask, build
from data import ArrayImages
from dcgan import DCGANConfig, DCGANTask
from training.fooling import FoolingLoss
from training.task import Task

IMAGES = 40
BATCH = 8
RATE = 1e-4


def make_task(kind: str) -> Task:
    """A task of each kind on 40 random images, so that a few steps cross several epochs."""
    return _TASKS[kind]()


def _images(seed: int) -> ArrayImages:
    generator = np.random.default_rng(seed)
    return ArrayImages(generator.integers(0, 256, (IMAGES, 28, 28, 1), dtype=np.uint8))


def _gan() -> Task:
    frozen = [build("cnn", (28, 28, 1), seed) for seed in (1, 2)]
    fooling = FoolingLoss(frozen, phi=0.5, image_shape=(28, 28, 1))
    # A small rate: adversaries enlarge rounding differences at every step, the faster the larger.
    rates = {"generator_learning_rate": RATE, "discriminator_learning_rate": RATE}
    config = DCGANConfig(width=1 / 16, batch_size=BATCH, **rates)
    return DCGANTask(config, _images(0), seed=3, fooling=fooling)


def _classifier() -> Task:
    config = ClassifierConfig(batch_size=BATCH, learning_rate=RATE)
    return ClassifierTask("cnn", config, _images(0), [_images(1), _images(2)], seed=4)


def _digits() -> Task:
    config = DigitConfig(batch_size=BATCH, learning_rate=RATE)
    return DigitTask(config, _images(0), np.arange(IMAGES) % 10, seed=5)


_TASKS = {"gan": _gan, "classifier": _classifier, "digits": _digits}
KINDS = tuple(_TASKS)
