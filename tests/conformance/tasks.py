"""Small trainings of every kind, for the laws that all of them must obey."""

import keras
import numpy as np

from classifiers import ClassifierConfig, ClassifierTask, DigitConfig, DigitTask, build, resnet
from classifiers.augmentation import AugmentationConfig
from data import ArrayImages
from dcgan import DCGANConfig, DCGANTask
from stylegan2 import NetworkConfig, StyleGAN2Task, TrainingConfig
from training.fooling import FoolingLoss
from training.task import Task

IMAGES = 40
BATCH = 8
RATE = 1e-4


def make_task(kind: str) -> Task:
    """A task of each kind on 40 random images, so that a few steps cross several epochs."""
    return _TASKS[kind]()


def _images(seed: int, size: int = 28) -> ArrayImages:
    generator = np.random.default_rng(seed)
    return ArrayImages(generator.integers(0, 256, (IMAGES, size, size, 1), dtype=np.uint8))


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


def _detector() -> Task:
    """Batch normalization, JPEG encoding, augmentation, and a look at convergence every 3 steps."""
    # Instead of 3, 4, 6, 3: each batch normalization enlarges rounding differences, until of the
    # whole network's gradients 4 digits are right, on one device as on two.
    resnet.BLOCKS = (1, 1, 1, 1)
    config = ClassifierConfig(
        epochs=50, batch_size=BATCH, learning_rate=RATE, width=1 / 16, jpeg_quality=75, patience=99
    )
    natural, generated, *validation = (
        ArrayImages(np.random.default_rng(seed).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8))
        for seed in range(4)
    )
    augmentation = AugmentationConfig(flip=0.5, shift=2, blur=0.5, jpeg=0.5)
    return ClassifierTask(
        "resnet50", config, natural, [generated], 7, augmentation, tuple(validation)
    )


def _digits() -> Task:
    config = DigitConfig(batch_size=BATCH, learning_rate=RATE)
    return DigitTask(config, _images(0), np.arange(IMAGES) % 10, seed=5)


def _stylegan2() -> Task:
    # The smallest images, of one upsampling; the CNN takes none so small.
    initializer = keras.initializers.RandomNormal(stddev=1e-3, seed=1)
    dense = keras.layers.Dense(1, kernel_initializer=initializer)
    frozen = [keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), dense])]
    fooling = FoolingLoss(frozen, phi=0.5, image_shape=(8, 8, 1))
    network = NetworkConfig(
        resolution=8, channels=1, fmap_base=16, fmap_max=4, latent_dim=4, w_dim=4,
        mapping_layers=1,
    )  # fmt: skip
    training = TrainingConfig(
        batch_size=BATCH, micro_batch=BATCH // 2, learning_rate=RATE, generator_interval=2,
        discriminator_interval=2, mirror=True,
    )  # fmt: skip
    return StyleGAN2Task(network, training, _images(0, 8), seed=6, fooling=fooling)


_TASKS = {
    "gan": _gan, "classifier": _classifier, "detector": _detector, "digits": _digits,
    "stylegan2": _stylegan2,
}  # fmt: skip
KINDS = tuple(_TASKS)
