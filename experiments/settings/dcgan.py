"""The low-parameter setting: a DCGAN on 28x28 images, and the small CNN."""

import dataclasses
from typing import Any, ClassVar

import keras
import numpy as np

import classifiers
import dcgan
from classifiers import DigitConfig
from data import Images
from dcgan import DCGANConfig, DCGANTask
from experiments.settings.base import Setting
from experiments.specs import DigitClassifier, Spec
from training.config import to_json
from training.fooling import FoolingLoss
from training.task import Task


@dataclasses.dataclass(frozen=True, kw_only=True)
class DCGANSetting(Setting):
    """The paper's setting on MNIST.

    Attributes:
        gan: of every GAN.
        digits: of the digit classifier, whose features measure the quality of the images.
    """

    name: ClassVar[str] = "dcgan"
    # Too small to gain from a second device.
    speedups: ClassVar[dict[int, float]] = {1: 1.0}
    gan: DCGANConfig
    digits: DigitConfig

    @property
    def resolution(self) -> int:
        """28, as the paper's layers make them."""
        return dcgan.IMAGE_SHAPE[0]

    @property
    def channels(self) -> int:
        """One."""
        return dcgan.IMAGE_SHAPE[2]

    @property
    def scale(self) -> str:
        """How the networks compare with the paper's, in words."""
        if self.gan.width == 1:
            return "the paper's layers"
        return f"hidden layers x {self.gan.width:g} the paper's width"

    @property
    def gan_batch_size(self) -> int:
        """Images of a step of a GAN's training."""
        return self.gan.batch_size

    @property
    def block(self) -> int:
        """Images that a DCGAN makes at once."""
        return dcgan.BATCH

    @property
    def gan_configuration(self) -> dict[str, Any]:
        """The DCGAN's configuration."""
        return to_json(self.gan)

    def gan_steps(self, images: int) -> int:
        """Steps of a GAN's training."""
        return self.gan.steps(images)

    def trains(self, spec: Spec) -> bool:
        """Whether it has a configuration for values of this kind."""
        return isinstance(spec, DigitClassifier) or super().trains(spec)

    def configuration(self, spec: Spec) -> dict[str, Any]:
        """All that a value's training depends on besides the value and the data."""
        return (
            to_json(self.digits)
            if isinstance(spec, DigitClassifier)
            else super().configuration(spec)
        )

    def steps(self, spec: Spec, images: int) -> int:
        """Training steps of a value."""
        return (
            self.digits.steps(images)
            if isinstance(spec, DigitClassifier)
            else super().steps(spec, images)
        )

    def batch_size(self, spec: Spec) -> int:
        """Images of a step of a value's training."""
        return (
            self.digits.batch_size
            if isinstance(spec, DigitClassifier)
            else super().batch_size(spec)
        )

    def fooling_loss(
        self, classifiers: list[keras.Model], phi: float, image_shape: tuple[int, int, int]
    ) -> FoolingLoss:
        """The classifiers see the images as they are: the paper's MNIST setting has no JPEG."""
        return FoolingLoss(classifiers, phi, image_shape)

    def gan_task(
        self, images: Images, seed: int, fooling: FoolingLoss | None
    ) -> tuple[Task, dict[str, keras.Model]]:
        """A DCGAN's training."""
        task = DCGANTask(self.gan, images, seed, fooling)
        return task, {"generator": task.generator, "discriminator": task.discriminator}

    def sample(self, generator: keras.Model, indices: np.ndarray, psi: float) -> np.ndarray:
        """Images of a generator by index; a DCGAN has no truncation."""
        if psi != 1:
            raise ValueError(f"a DCGAN cannot be truncated by {psi}")
        return dcgan.sample(generator, indices)


PRESETS = {
    name: DCGANSetting(
        gan=dcgan.PRESETS[name],
        classifier=classifiers.PRESETS[name],
        digits=classifiers.DIGIT_PRESETS[name],
    )
    for name in ("quick", "reduced", "paper")
}
