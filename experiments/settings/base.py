"""What a setting is: the networks behind the values, how they are trained and sampled."""

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np

from classifiers import ClassifierConfig
from data import Images
from experiments.specs import GAN, Classifier, GANImages, Spec
from training.config import to_json
from training.fooling import FoolingLoss
from training.task import Task


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting(abc.ABC):
    """The training configuration of each kind of value, and the GAN's side of it.

    Attributes:
        name: what `--setting` calls it.
        speedups: how much faster a training is on so many devices than on one, for plans.
        classifier: of every classifier of natural against generated images.
    """

    name: ClassVar[str]
    speedups: ClassVar[Mapping[int, float]]
    classifier: ClassifierConfig

    # What the two settings differ in

    @property
    @abc.abstractmethod
    def resolution(self) -> int:
        """Height and width of the images."""

    @property
    @abc.abstractmethod
    def channels(self) -> int:
        """Colour channels of the images."""

    @property
    @abc.abstractmethod
    def scale(self) -> str:
        """How the networks compare with the paper's, in words."""

    @property
    @abc.abstractmethod
    def gan_batch_size(self) -> int:
        """Images of a step of a GAN's training."""

    @property
    @abc.abstractmethod
    def gan_configuration(self) -> dict[str, Any]:
        """All that a GAN's training depends on besides its value and the data, as JSON values."""

    @property
    @abc.abstractmethod
    def block(self) -> int:
        """Consecutive images that `sample` makes at once; whole blocks have the same bits."""

    @abc.abstractmethod
    def gan_steps(self, images: int) -> int:
        """Steps of a GAN's training, given the number of natural training images."""

    @abc.abstractmethod
    def fooling_loss(
        self, classifiers: list[keras.Model], phi: float, image_shape: tuple[int, int, int]
    ) -> FoolingLoss:
        """The loss of the classifiers that a GAN must fool."""

    @abc.abstractmethod
    def gan_task(
        self, images: Images, seed: int, fooling: FoolingLoss | None
    ) -> tuple[Task, dict[str, keras.Model]]:
        """A GAN's training, and its networks: first the one that makes the images."""

    @abc.abstractmethod
    def sample(self, generator: keras.Model, indices: np.ndarray, psi: float) -> np.ndarray:
        """Images of a generator by index, uint8 [n, H, W, C], truncated by psi (1: not at all)."""

    # What they share

    def trains(self, spec: Spec) -> bool:
        """Whether it has a configuration for values of this kind."""
        return isinstance(spec, GANImages | Classifier)

    def configuration(self, spec: Spec) -> dict[str, Any]:
        """All that a value's training depends on besides the value and the data, as JSON values."""
        match spec:
            case GANImages():
                return self.gan_configuration
            case Classifier():
                return to_json(self.classifier)
        raise TypeError(f"nothing of the setting {self.name} trains {spec!r}")

    def steps(self, spec: Spec, images: int) -> int:
        """Training steps of a value, given the number of natural training images."""
        match spec:
            case GAN():
                return max(1, round(spec.share * self.gan_steps(images)))
            case Classifier():
                return self.classifier.steps(images, len(spec.pool))
        return 0

    def batch_size(self, spec: Spec) -> int:
        """Images of a step of a value's training."""
        match spec:
            case GAN():
                return self.gan_batch_size
            case Classifier():
                return self.classifier.batch_size
        return 0

    def check_replicas(self, replicas: int) -> None:  # noqa: B027 - most can be split
        """Raises InputError where a GAN cannot be trained on so many devices of this machine."""

    def to_json(self) -> dict[str, Any]:
        """All configurations as JSON values."""
        return {"setting": self.name, **dataclasses.asdict(self)}
