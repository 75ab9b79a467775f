"""StyleGAN2 as a family of GANs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gan_knowledge_gaps.data import Images
from gan_knowledge_gaps.stylegan2.config import (
    BLOCK,
    NETWORKS,
    TRAININGS,
    NetworkConfig,
    TrainingConfig,
    scaled_gamma,
)
from gan_knowledge_gaps.training.config import JPEG_MODES, check_choices
from gan_knowledge_gaps.training.family import GANFamily

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.training.fooling import FoolingLoss
    from gan_knowledge_gaps.training.task import Task

# Of the networks; the averaged generator makes the images.
NAMES = ("generator_ema", "generator", "discriminator")
# Raised where a training's updates change, so that no artifact of other updates is taken for one.
UPDATES = 3


@dataclasses.dataclass(frozen=True)
class FoolingConfig:
    """How a GAN sees the classifiers that it must fool.

    Attributes:
        jpeg: How a GAN sees the JPEG encoding of the classifiers that it must fool: differentiable,
            straight_through or none (not fixed by the paper).

    Example:
        >>> from gan_knowledge_gaps.stylegan2.family import FoolingConfig
        >>> FoolingConfig(jpeg="straight_through")
        FoolingConfig(jpeg='straight_through')
    """

    jpeg: str = JPEG_MODES[0]

    def __post_init__(self):
        check_choices(self, jpeg=JPEG_MODES)


@dataclasses.dataclass(frozen=True, kw_only=True)
class StyleGAN2Family(GANFamily):
    """The paper's high-parameter GAN.

    Attributes:
        network: of every GAN.
        training: of every GAN.
        fooling: of every GAN that fools classifiers.

    Example:
        >>> from gan_knowledge_gaps.stylegan2 import NetworkConfig, TrainingConfig
        >>> from gan_knowledge_gaps.stylegan2.family import StyleGAN2Family
        >>> network, training = NetworkConfig(resolution=64), TrainingConfig(kimg=1000)
        >>> family = StyleGAN2Family(network=network, training=training)
        >>> family.image_shape, family.steps(images=70_000)
        ((64, 64, 3), 31250)
    """

    name = "stylegan2"
    block = BLOCK
    truncates = True
    # Of the published times of 1,000 images at 256x256: 112.5, 58.6, 30.7 and 16.4 s on 1, 2, 4
    # and 8 V100s.
    speedups = {1: 1.0, 2: 112.5 / 58.6, 4: 112.5 / 30.7, 8: 112.5 / 16.4}  # noqa: RUF012
    network: NetworkConfig
    training: TrainingConfig
    fooling: FoolingConfig = FoolingConfig()

    @classmethod
    def presets(cls) -> Mapping[str, Self]:
        """The family at each size."""
        quick = TRAININGS["quick"]
        # The bundled digits at the 8x8 pixels that they come with.
        eight = NetworkConfig(
            resolution=8, channels=1, fmap_base=64, fmap_max=32, latent_dim=32, w_dim=32,
            mapping_layers=2,
        )  # fmt: skip
        # As small as gives faces, and differences between GANs, docs/results.md.
        sixteen = NetworkConfig(
            resolution=16, fmap_base=512, fmap_max=64, latent_dim=64, w_dim=64, mapping_layers=4
        )
        reduced = dataclasses.replace(quick, kimg=50, gamma=0.1, ema_kimg=5.0)
        # Widths of config-e at the resolution of half of FFHQ's thumbnails.
        node = dataclasses.replace(NETWORKS["config-e"], resolution=64, precision="bfloat16")
        return {
            "quick": cls(network=eight, training=dataclasses.replace(quick, kimg=10, mirror=False)),
            "reduced": cls(network=sixteen, training=reduced),
            "node": cls(
                network=node,
                training=TrainingConfig(kimg=5_000, micro_batch=32, gamma=scaled_gamma(64, 32)),
            ),
            "paper": cls(network=NETWORKS["config-f"], training=TRAININGS["config-f"]),
        }

    @classmethod
    def sample(cls, generator: keras.Model, indices: np.ndarray, psi: float = 1.0) -> np.ndarray:
        """Images of a generator by index."""
        from gan_knowledge_gaps.stylegan2.sampling import sample

        return sample(generator, indices, truncation=psi)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self.network.resolution, self.network.resolution, self.network.channels

    @property
    def batch_size(self) -> int:
        """Images of a step."""
        return self.training.batch_size

    @property
    def scale(self) -> str:
        """How the networks compare with the paper's, in words."""
        if self.network == NETWORKS["config-f"]:
            return "the paper's networks"
        size = self.network.resolution
        return (
            f"StyleGAN2 at {size}x{size} with at most {self.network.fmap_max} feature maps "
            f"(256x256 and 512 in the paper), {self.training.kimg:,} kimg"
        )

    @property
    def configuration(self) -> dict[str, Any]:
        """The networks, their training, what they see of JPEG, and the version of the updates."""
        return {**super().configuration, "updates": UPDATES}

    def steps(self, images: int) -> int:
        """Steps of a training, which counts its images and not its epochs."""
        return self.training.steps

    def fooling_loss(self, classifiers: list[keras.Model], phi: float) -> FoolingLoss:
        """The loss of the classifiers that a GAN must fool, through their JPEG encoding."""
        from gan_knowledge_gaps.training.fooling import FoolingLoss

        return FoolingLoss(classifiers, phi, self.image_shape, self.fooling.jpeg)

    def task(
        self, images: Images, seed: int, fooling: FoolingLoss | None
    ) -> tuple[Task, dict[str, keras.Model]]:
        """A training, and its networks; the averaged generator makes the images."""
        from gan_knowledge_gaps.stylegan2.task import StyleGAN2Task

        task = StyleGAN2Task(self.network, self.training, images, seed, fooling)
        return task, {name: getattr(task, name) for name in NAMES}

    def open_networks(self, path: str) -> dict[str, keras.Model]:
        """The networks of a run of `stylegan2.train`, of an import or of a published file."""
        from gan_knowledge_gaps.stylegan2.saved import load_networks

        networks = load_networks(Path(path), self.network)
        return {name: networks[name] for name in NAMES}

    def check_replicas(self, replicas: int) -> None:
        """Raises InputError where a minibatch cannot be split over so many devices, or a training
        is beyond this machine's memory.
        """
        from gan_knowledge_gaps.stylegan2.memory import check_training_fits

        check_training_fits(self.network, self.training, replicas)
