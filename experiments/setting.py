"""The low-parameter setting: which networks stand behind the values, and their presets."""

import dataclasses

import classifiers
import dcgan
from classifiers import ClassifierConfig, DigitConfig
from dcgan import DCGANConfig
from experiments.specs import GAN, Classifier, DigitClassifier, Spec


@dataclasses.dataclass(frozen=True)
class Setting:
    """The training configuration of each kind of value.

    Attributes:
        gan: of every GAN.
        classifier: of every classifier of natural against generated images.
        digits: of the digit classifier.
    """

    gan: DCGANConfig
    classifier: ClassifierConfig
    digits: DigitConfig

    def training(self, spec: Spec) -> DCGANConfig | ClassifierConfig | DigitConfig:
        """The configuration that a value is trained with."""
        return {GAN: self.gan, Classifier: self.classifier, DigitClassifier: self.digits}[
            type(spec)
        ]

    def steps(self, spec: Spec, images: int) -> int:
        """Training steps of a value, given the number of natural training images."""
        if isinstance(spec, GAN):
            return self.gan.steps(images)
        if isinstance(spec, Classifier):
            return self.classifier.steps(images, len(spec.pool))
        return self.digits.steps(images)

    @property
    def scale(self) -> str:
        """How the networks compare with the paper's, in words."""
        if self.gan.width == 1:
            return "the paper's layers"
        return f"hidden layers x {self.gan.width:g} the paper's width"

    def to_json(self) -> dict[str, dict]:
        """All configurations as JSON values."""
        return dataclasses.asdict(self)


PRESETS = {
    name: Setting(
        gan=dcgan.PRESETS[name],
        classifier=classifiers.PRESETS[name],
        digits=classifiers.DIGIT_PRESETS[name],
    )
    for name in ("quick", "reduced", "paper")
}
