"""The high-parameter setting: StyleGAN2, and detectors behind JPEG encoding."""

import dataclasses
from typing import Any, ClassVar

import keras
import numpy as np

import stylegan2
from classifiers import ClassifierConfig
from data import Images
from experiments.settings.base import Setting
from stylegan2 import NETWORKS, TRAININGS, NetworkConfig, StyleGAN2Task, TrainingConfig
from stylegan2.memory import check_training_fits
from training.config import check_choices, to_json
from training.fooling import JPEG_MODES, FoolingLoss
from training.task import Task

# Raised where a training's updates change, so that no artifact of other updates is taken for one.
UPDATES = 2


@dataclasses.dataclass(frozen=True)
class FoolingConfig:
    """How a GAN sees the classifiers that it must fool.

    Attributes:
        jpeg: How it sees their JPEG encoding: differentiable, straight_through or none (not fixed
            by the paper).
    """

    jpeg: str = JPEG_MODES[0]

    def __post_init__(self):
        check_choices(self, jpeg=JPEG_MODES)


@dataclasses.dataclass(frozen=True, kw_only=True)
class StyleGAN2Setting(Setting):
    """The paper's setting on FFHQ at 256x256.

    Attributes:
        network: of every GAN.
        training: of every GAN.
        fooling: of every GAN that fools classifiers.
    """

    name: ClassVar[str] = "stylegan2"
    # Of the published times of 1,000 images at 256x256: 112.5, 58.6, 30.7 and 16.4 s on 1, 2, 4
    # and 8 V100s.
    speedups: ClassVar[dict[int, float]] = {
        1: 1.0,
        2: 112.5 / 58.6,
        4: 112.5 / 30.7,
        8: 112.5 / 16.4,
    }
    network: NetworkConfig
    training: TrainingConfig
    fooling: FoolingConfig = FoolingConfig()

    @property
    def resolution(self) -> int:
        """That of the networks."""
        return self.network.resolution

    @property
    def channels(self) -> int:
        """Those of the networks."""
        return self.network.channels

    @property
    def scale(self) -> str:
        """How the networks compare with the paper's, in words."""
        paper = NETWORKS["config-f"]
        if (self.network, self.classifier.width) == (paper, 1):
            return "the paper's networks"
        return (
            f"StyleGAN2 at {self.resolution}x{self.resolution} with at most "
            f"{self.network.fmap_max} feature maps (256x256 and 512 in the paper), "
            f"{self.training.kimg:,} kimg; detectors x {self.classifier.width:g} their width"
        )

    @property
    def gan_batch_size(self) -> int:
        """Images of a step of a GAN's training."""
        return self.training.batch_size

    def check_replicas(self, replicas: int) -> None:
        """Raises InputError where a minibatch cannot be split over so many devices, or a training
        is beyond this machine's memory.
        """
        check_training_fits(self.network, self.training, replicas)

    @property
    def block(self) -> int:
        """Images that a generator makes at once."""
        return stylegan2.BLOCK

    @property
    def gan_configuration(self) -> dict[str, Any]:
        """The networks, their training, what they see of JPEG, and the version of the updates."""
        return {
            "network": to_json(self.network),
            "training": to_json(self.training),
            "fooling": to_json(self.fooling),
            "updates": UPDATES,
        }

    def gan_steps(self, images: int) -> int:
        """Steps of a GAN's training, which counts its images and not its epochs."""
        return self.training.steps

    def fooling_loss(
        self, classifiers: list[keras.Model], phi: float, image_shape: tuple[int, int, int]
    ) -> FoolingLoss:
        """The loss of the classifiers that a GAN must fool, through their JPEG encoding."""
        return FoolingLoss(classifiers, phi, image_shape, self.fooling.jpeg)

    def gan_task(
        self, images: Images, seed: int, fooling: FoolingLoss | None
    ) -> tuple[Task, dict[str, keras.Model]]:
        """A StyleGAN2's training; the averaged generator makes the images."""
        task = StyleGAN2Task(self.network, self.training, images, seed, fooling)
        names = ("generator_ema", "generator", "discriminator")
        return task, {name: getattr(task, name) for name in names}

    def sample(self, generator: keras.Model, indices: np.ndarray, psi: float) -> np.ndarray:
        """Images of a generator by index."""
        return stylegan2.sample(generator, indices, truncation=psi)


# Till convergence in the paper: epochs, rate and JPEG quality are choices of ours.
_DETECTOR = ClassifierConfig(jpeg_quality=75)

PRESETS = {
    # The bundled digits at the 8x8 pixels that they come with.
    "quick": StyleGAN2Setting(
        network=NetworkConfig(
            resolution=8, channels=1, fmap_base=64, fmap_max=32, latent_dim=32, w_dim=32,
            mapping_layers=2,
        ),
        training=dataclasses.replace(TRAININGS["quick"], kimg=20, mirror=False),
        classifier=dataclasses.replace(_DETECTOR, epochs=4, width=0.25, enlarge=True),
    ),
    "reduced": StyleGAN2Setting(
        network=NETWORKS["quick"],
        training=dataclasses.replace(TRAININGS["quick"], kimg=300, gamma=0.1, ema_kimg=10.0),
        classifier=dataclasses.replace(_DETECTOR, width=0.5, enlarge=True),
    ),
    "paper": StyleGAN2Setting(
        network=NETWORKS["config-f"],
        training=TRAININGS["config-f"],
        classifier=dataclasses.replace(_DETECTOR, epochs=10),
    ),
}  # fmt: skip
