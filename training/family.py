"""The interface of a family of GANs: how its GANs are trained and sampled."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from gan_knowledge_gaps.data import Images, InputError
from gan_knowledge_gaps.training.config import to_json

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.training.fooling import FoolingLoss
    from gan_knowledge_gaps.training.task import Task

PRESET_NAMES = ("quick", "reduced", "node", "paper")


@dataclasses.dataclass(frozen=True, kw_only=True)
class GANFamily(abc.ABC):
    """A family of GANs at one size: its networks, and how they are trained and sampled.

    A family is a frozen dataclass whose fields are configurations, frozen dataclasses themselves:
    each field becomes a group of flags, `--<field>_<name>`. `lab.families.register` makes it known.

        @dataclasses.dataclass(frozen=True, kw_only=True)
        class WGANFamily(GANFamily):
            name = "wgan"
            block = 64
            gan: WGANConfig = WGANConfig()
            ...

        lab.families.register(WGANFamily)
        base = GAN(0, family="wgan")

    Attributes:
        name: by which a GAN says its family.
        block: consecutive images, from a multiple of it on, that `sample` makes at once: image i
            has the same bits in every whole block.
        truncates: whether `sample` heeds psi.
        speedups: how much faster a training is on so many devices than on one, for plans.
    """

    name: ClassVar[str]
    block: ClassVar[int]
    truncates: ClassVar[bool] = False
    speedups: ClassVar[Mapping[int, float]] = {1: 1.0}

    @classmethod
    @abc.abstractmethod
    def presets(cls) -> Mapping[str, Self]:
        """The family at each size of `PRESET_NAMES`."""

    @classmethod
    @abc.abstractmethod
    def sample(cls, generator: keras.Model, indices: np.ndarray, psi: float = 1.0) -> np.ndarray:
        """Image i of a generator, a function of its weights and i alone.

        Args:
            generator: of the family, as `task` gives it or from its file.
            indices: integers [n].
            psi: of the truncation trick; 1 for none, and only 1 where the family has none.

        Returns:
            uint8 [n, H, W, C].
        """

    @property
    @abc.abstractmethod
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""

    @property
    @abc.abstractmethod
    def batch_size(self) -> int:
        """Images of a step."""

    @property
    @abc.abstractmethod
    def scale(self) -> str:
        """How the networks compare with the paper's, in words."""

    @abc.abstractmethod
    def steps(self, images: int) -> int:
        """Steps of a training, given the number of natural training images."""

    @abc.abstractmethod
    def task(
        self, images: Images, seed: int, fooling: FoolingLoss | None
    ) -> tuple[Task, dict[str, keras.Model]]:
        """A training, and its networks by name: first the generator that makes the images."""

    def fooling_loss(self, classifiers: list[keras.Model], phi: float) -> FoolingLoss:
        """The loss of the classifiers that a GAN must fool."""
        from gan_knowledge_gaps.training.fooling import FoolingLoss

        return FoolingLoss(classifiers, phi, self.image_shape)

    def open_networks(self, path: str) -> dict[str, keras.Model]:
        """The networks of a GAN from outside, by the names that `task` gives to its own.

        Raises:
            InputError: there are none, they differ from the family's, or it takes none.
        """
        raise InputError(f"--start: a {self.name} cannot begin with networks from outside")

    def check_replicas(self, replicas: int) -> None:  # noqa: B027 - most can be split
        """Raises InputError where a training cannot be split over so many devices."""

    @property
    def configuration(self) -> dict[str, Any]:
        """All that a training depends on besides the value and the data, as JSON values."""
        return {name: to_json(part) for name, part in self.parts.items()}

    @property
    def parts(self) -> dict[str, Any]:
        """The configurations by the names of their fields."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
