"""Small trainings of every kind, for the laws that all of them must obey."""

import functools

import keras
import numpy as np

from gan_knowledge_gaps.classifiers import (
    ClassifierConfig,
    ClassifierTask,
    DigitConfig,
    DigitTask,
    build,
    resnet,
)
from gan_knowledge_gaps.classifiers.attribution.task import AttributionTask
from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.dcgan import DCGANConfig, DCGANTask
from gan_knowledge_gaps.stylegan2 import NetworkConfig, StyleGAN2Task, TrainingConfig
from gan_knowledge_gaps.training.fooling import FoolingLoss
from gan_knowledge_gaps.training.task import Task

IMAGES = 40
BATCH = 8
RATE = 1e-4


def make_task(kind: str, number: int = 0) -> Task:
    """A task of each kind on 40 random images, so that a few steps cross several epochs.

    Args:
        kind: one of KINDS.
        number: another training of the same configuration, with another seed, images and phi.
    """
    return _TASKS[kind](number)


def _images(seed: int, size: int = 28) -> ArrayImages:
    generator = np.random.default_rng(seed)
    return ArrayImages(generator.integers(0, 256, (IMAGES, size, size, 1), dtype=np.uint8))


@functools.cache
def _frozen(seed: int) -> keras.Model:
    return build("cnn", (28, 28, 1), seed)


def _gan(number: int) -> Task:
    frozen = [_frozen(seed) for seed in (1, 2)]
    fooling = FoolingLoss(frozen, phi=0.5 + number, image_shape=(28, 28, 1))
    # A small rate: adversaries enlarge rounding differences at every step, the faster the larger.
    rates = {"generator_learning_rate": RATE, "discriminator_learning_rate": RATE}
    config = DCGANConfig(width=1 / 16, batch_size=BATCH, **rates)
    return DCGANTask(config, _images(10 * number), seed=3 + number, fooling=fooling)


def _classifier(number: int) -> Task:
    config = ClassifierConfig(batch_size=BATCH, learning_rate=RATE)
    generated = [_images(10 * number + each) for each in (1, 2)]
    return ClassifierTask("cnn", config, _images(10 * number), generated, seed=4 + number)


def _detector(number: int) -> Task:
    """Batch normalization, JPEG encoding, augmentation, and a look at convergence every 3 steps."""
    # Instead of 3, 4, 6, 3: each batch normalization enlarges rounding differences, until of the
    # whole network's gradients 4 digits are right, on one device as on two.
    resnet.BLOCKS = (1, 1, 1, 1)
    config = ClassifierConfig(
        epochs=50, batch_size=BATCH, learning_rate=RATE, width=1 / 16, jpeg_quality=75, patience=99
    )
    natural, generated, *validation = (
        ArrayImages(np.random.default_rng(seed).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8))
        for seed in range(4 * number, 4 * number + 4)
    )
    augmentation = AugmentationConfig(flip=0.5, shift=2, blur=0.5, jpeg=0.5)
    return ClassifierTask(
        "resnet50", config, natural, [generated], 7 + number, augmentation, tuple(validation)
    )


def _attributor(number: int) -> Task:
    """Three classes of other sizes, and a look at convergence every 6 steps."""
    config = ClassifierConfig(epochs=50, batch_size=BATCH, learning_rate=RATE, patience=999)
    classes = [ArrayImages(_images(10 * number + n).read(np.arange(8 * n))) for n in (1, 2, 1)]
    validation = [_images(10 * number + n) for n in (4, 5, 6)]
    return AttributionTask("cnn", config, classes, 8 + number, validation=validation)


def _digits(number: int) -> Task:
    config = DigitConfig(batch_size=BATCH, learning_rate=RATE)
    labels = (np.arange(IMAGES) + number) % 10
    return DigitTask(config, _images(10 * number), labels, seed=5 + number)


@functools.cache
def _frozen_dense() -> keras.Model:
    """For the smallest images, of one upsampling; the CNN takes none so small."""
    initializer = keras.initializers.RandomNormal(stddev=1e-3, seed=1)
    dense = keras.layers.Dense(1, kernel_initializer=initializer)
    return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), dense])


def _stylegan2(number: int) -> Task:
    fooling = FoolingLoss([_frozen_dense()], phi=0.5 + number, image_shape=(8, 8, 1))
    network = NetworkConfig(
        resolution=8, channels=1, fmap_base=16, fmap_max=4, latent_dim=4, w_dim=4,
        mapping_layers=1,
    )  # fmt: skip
    training = TrainingConfig(
        batch_size=BATCH, micro_batch=BATCH // 2, learning_rate=RATE, generator_interval=2,
        discriminator_interval=2, mirror=True,
    )  # fmt: skip
    images = _images(10 * number, 8)
    return StyleGAN2Task(network, training, images, seed=6 + number, fooling=fooling)


_TASKS = {
    "gan": _gan, "classifier": _classifier, "detector": _detector, "digits": _digits,
    "attributor": _attributor, "stylegan2": _stylegan2,
}  # fmt: skip
KINDS = tuple(_TASKS)
