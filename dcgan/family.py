"""The DCGAN as a family of GANs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

import numpy as np

from gan_knowledge_gaps.data import Images, InputError
from gan_knowledge_gaps.dcgan.config import BATCH, IMAGE_SHAPE, PRESETS, DCGANConfig
from gan_knowledge_gaps.training.family import GANFamily

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.training.fooling import FoolingLoss
    from gan_knowledge_gaps.training.task import Task


@dataclasses.dataclass(frozen=True, kw_only=True)
class DCGANFamily(GANFamily):
    """The paper's low-parameter GAN, whose classifiers see images without JPEG encoding.

    Attributes:
        gan: of every GAN.

    Example:
        >>> from gan_knowledge_gaps.dcgan import DCGANConfig
        >>> from gan_knowledge_gaps.dcgan.family import DCGANFamily
        >>> family = DCGANFamily(gan=DCGANConfig(width=0.5))
        >>> family.image_shape, family.scale
        ((28, 28, 1), "hidden layers x 0.5 the paper's width")
    """

    name = "dcgan"
    block = BATCH
    image_shape = IMAGE_SHAPE
    gan: DCGANConfig

    @classmethod
    def presets(cls) -> Mapping[str, Self]:
        """The family at each size."""
        return {name: cls(gan=gan) for name, gan in PRESETS.items()}

    @classmethod
    def sample(cls, generator: keras.Model, indices: np.ndarray, psi: float = 1.0) -> np.ndarray:
        """Images of a generator by index."""
        if psi != 1:
            raise InputError(f"a DCGAN cannot be truncated by {psi:g}: it has no truncation")
        from gan_knowledge_gaps.dcgan.sampling import sample

        return sample(generator, indices)

    @property
    def batch_size(self) -> int:
        """Images of a step."""
        return self.gan.batch_size

    @property
    def scale(self) -> str:
        """How the networks compare with the paper's, in words."""
        scale = "the paper's layers"
        if self.gan.width != 1:
            scale = f"hidden layers x {self.gan.width:g} the paper's width"
        if self.gan.discriminator_width != 1:
            scale += f", the discriminator's x {self.gan.discriminator_width:g}"
        return scale

    def steps(self, images: int) -> int:
        """Steps of a training."""
        return self.gan.steps(images)

    def task(
        self, images: Images, seed: int, fooling: FoolingLoss | None
    ) -> tuple[Task, dict[str, keras.Model]]:
        """A training, and its networks."""
        from gan_knowledge_gaps.dcgan.training import DCGANTask

        task = DCGANTask(self.gan, images, seed, fooling)
        return task, {"generator": task.generator, "discriminator": task.discriminator}
