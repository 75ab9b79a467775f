"""Quality of generated images: a Fréchet distance over the features of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from gan_knowledge_gaps.classifiers.config import CNN_FEATURES
from gan_knowledge_gaps.data import Images
from gan_knowledge_gaps.evaluation.config import RANDOM_VGG16
from gan_knowledge_gaps.lab.specs import DigitClassifier, Spec

if TYPE_CHECKING:
    from gan_knowledge_gaps.evaluation.extractors import Extractor
    from gan_knowledge_gaps.lab.lab import Lab

FID = "FID"
_BATCH = 64


class QualityMetric(Protocol):
    """The features behind a Fréchet distance.

    Attributes:
        label: what the distance is called in tables; FID only over the standard graph.
        about: the features, in words.
    """

    label: str
    about: str

    @property
    def spec(self) -> Spec | None:
        """What must be trained for it; None for nothing."""

    def sha256(self) -> str:
        """Of the weights, in hexadecimal; once what it needs is trained."""

    def features(self, images: Images) -> np.ndarray:
        """Features of all images, [N, D]."""


class DigitMetric:
    """The 64 features of a lab's digit classifier.

    Args:
        lab: whose.
    """

    label = "Fréchet distance (digit classifier)"
    about = "the 64 features of a digit classifier trained on natural images"
    spec = DigitClassifier()

    def __init__(self, lab: Lab):
        self._lab = lab

    def sha256(self) -> str:
        """Of the classifier's weights."""
        return self._lab.sha256(self.spec)

    def features(self, images: Images) -> np.ndarray:
        """Features of all images, [N, 64]."""
        model = self._lab.model(self.spec)
        import keras

        from gan_knowledge_gaps.classifiers import predict

        return predict(keras.Model(model.inputs[0], model.get_layer(CNN_FEATURES).output), images)


class ExtractorMetric:
    """Features of a network that is not trained here.

    Args:
        extractor: images to features.
    """

    spec = None

    def __init__(self, extractor: Extractor):
        self._extractor = extractor
        self.label = FID if extractor.is_inception else f"Fréchet distance ({extractor.name})"
        self.about = f"the features of {extractor.name}"

    def sha256(self) -> str:
        """Of the extractor's weights."""
        return self._extractor.sha256

    def features(self, images: Images) -> np.ndarray:
        """Features of all images, [N, D]."""
        starts = range(0, len(images), _BATCH)
        return np.concatenate(
            [
                self._extractor(images.read(np.arange(start, min(start + _BATCH, len(images)))))
                for start in starts
            ]
        )


def open_metric(name: str, inception: str | None = None) -> ExtractorMetric:
    """The metric over one of the extractors of `stylegan2.evaluate`.

    Args:
        name: random-vgg16, inception, or the path of a .keras file of features.
        inception: path of the standard graph, for the second.
    """
    from gan_knowledge_gaps.evaluation.extractors import open_extractor

    return ExtractorMetric(open_extractor(name, inception))


def default_metric(lab: Lab) -> QualityMetric:
    """A digit classifier where the lab trains one and the images have labels; else random-vgg16."""
    if lab.dataset.train_labels is None or lab.config.digits is None:
        return open_metric(RANDOM_VGG16)
    return DigitMetric(lab)
