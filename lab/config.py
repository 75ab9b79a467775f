"""How everything in a lab is trained, and the presets."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from gan_knowledge_gaps.classifiers import ClassifierConfig, DigitConfig
from gan_knowledge_gaps.classifiers import config as classifiers
from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.lab import families
from gan_knowledge_gaps.training.family import PRESET_NAMES, GANFamily

# Models that are kept in memory once they were loaded: those of the last measurements.
KEPT_MODELS = 16
NO_AUGMENTATION = AugmentationConfig()
_SHARED = ("classifier", "digits", "augmentation")


@dataclasses.dataclass(frozen=True, kw_only=True)
class LabConfig:
    """The training configuration of each kind of value.

    Attributes:
        families: of the GANs that are trained; the first is that of reports and plans. None are
            needed where classifiers are trained on images from elsewhere.
        classifier: of every classifier of natural against generated images.
        digits: of the digit classifier, whose features measure the quality of generated digits;
            None for none.
        augmentation: of every classifier's training images; none in the paper.
        converge: whether classifiers train until their validation loss stops falling, at most for
            the configured epochs; a part of the training images is held back for it.

    Example:
        >>> from gan_knowledge_gaps.classifiers import ClassifierConfig
        >>> from gan_knowledge_gaps.dcgan import DCGANConfig
        >>> from gan_knowledge_gaps.dcgan.family import DCGANFamily
        >>> from gan_knowledge_gaps.lab import LabConfig
        >>> family = DCGANFamily(gan=DCGANConfig(epochs=3))
        >>> LabConfig(families=(family,), classifier=ClassifierConfig(epochs=2)).scale
        "the paper's layers"
    """

    families: tuple[GANFamily, ...] = ()
    classifier: ClassifierConfig
    digits: DigitConfig | None = None
    augmentation: AugmentationConfig = NO_AUGMENTATION
    converge: bool = False

    def family(self, name: str) -> GANFamily:
        """The family of a name at the lab's size; InputError if the lab has none."""
        for each in self.families:
            if each.name == name:
                return each
        ours = ", ".join(each.name for each in self.families) or "none"
        raise InputError(f"this lab trains no {name}; the families of its GANs: {ours}")

    @property
    def parts(self) -> dict[str, Any]:
        """The configurations of the first family and of the classifiers, by their flags' prefix."""
        first = self.families[0].parts if self.families else {}
        shared = {name: getattr(self, name) for name in _SHARED}
        return first | {name: part for name, part in shared.items() if part is not None}

    def with_parts(self, parts: Mapping[str, Any]) -> "LabConfig":
        """The same with other `parts`."""
        first = [
            dataclasses.replace(each, **{name: parts[name] for name in each.parts})
            for each in self.families[:1]
        ]
        shared = {name: parts[name] for name in _SHARED if name in parts}
        return dataclasses.replace(self, families=(*first, *self.families[1:]), **shared)

    @property
    def classifier_configuration(self) -> dict[str, Any]:
        """All that a classifier's training depends on besides its value and the data."""
        content = {"classifier": dataclasses.asdict(self.classifier)}
        if not self.augmentation.is_off:
            content["augmentation"] = self.augmentation.recorded
        return content | self._converge

    @property
    def _converge(self) -> dict[str, bool]:
        """Said only where it is so: the keys of other trainings are older than it."""
        return {"converge": True} if self.converge else {}

    @property
    def scale(self) -> str:
        """How the networks compare with the paper's, in words."""
        scales = [each.scale for each in self.families]
        if self.classifier.width != 1:
            scales.append(f"classifiers x {self.classifier.width:g} their width")
        return "; ".join(scales) or "classifiers at their full width"

    def to_json(self) -> dict[str, Any]:
        """All configurations as JSON values."""
        names = {"families": [each.name for each in self.families]} | self._converge
        return names | {name: dataclasses.asdict(part) for name, part in self.parts.items()}


# Till convergence in the paper: epochs, rate and JPEG quality are choices of ours.
_DETECTOR = ClassifierConfig(jpeg_quality=75)
_DETECTORS = {
    "quick": dataclasses.replace(_DETECTOR, epochs=3, width=0.125, enlarge=True),
    "reduced": dataclasses.replace(_DETECTOR, width=0.5, enlarge=True),
    "node": dataclasses.replace(_DETECTOR, epochs=10, enlarge=True),
    "paper": dataclasses.replace(_DETECTOR, epochs=10),
}
# Of the lab's StyleGAN2s: mostly small CNNs, which are cheap at their full width.
_BEHIND_JPEG = _DETECTORS | {"reduced": dataclasses.replace(_DETECTOR, epochs=2, enlarge=True)}
CONVERGE = ("node", "paper")  # presets whose classifiers do
# Of generators from elsewhere: no GAN is trained here.
IMAGES = "images"


def presets(setting: str) -> dict[str, LabConfig]:
    """The lab at each size of `PRESET_NAMES`.

    Args:
        setting: a family of GANs; the paper's settings are dcgan and stylegan2. Or IMAGES.
    """
    if setting == IMAGES:
        return {
            name: LabConfig(classifier=_DETECTORS[name], converge=name in CONVERGE)
            for name in PRESET_NAMES
        }
    detectors = _BEHIND_JPEG if setting == "stylegan2" else classifiers.PRESETS
    digits = classifiers.DIGIT_PRESETS if setting == "dcgan" else {}
    return {
        name: LabConfig(
            families=(family,),
            classifier=detectors[name],
            digits=digits.get(name),
            converge=name in CONVERGE,
        )
        for name, family in families.find(setting).presets().items()
    }
