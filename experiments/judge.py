"""What measures the quality of generated images: a frechet distance over somebody's features."""

from collections.abc import Callable
from typing import Protocol

import keras
import numpy as np

from classifiers import predict
from classifiers.cnn import FEATURES
from data import Images
from evaluation.extractors import Extractor, open_extractor
from experiments.specs import DigitClassifier, Spec

FID = "FID"
_BATCH = 64


class Judge(Protocol):
    """The features behind a frechet distance.

    Attributes:
        label: what the distance is called in tables; FID is said of the standard graph alone.
        about: the features, in words.
        spec: what must be trained for it; None for nothing.
    """

    label: str
    about: str
    spec: Spec | None

    def sha256(self) -> str:
        """Of the weights, in hexadecimal; once what it needs is trained."""

    def features(self, images: Images) -> np.ndarray:
        """Features of all images, [N, D]."""


class DigitJudge:
    """The 64 features of a digit classifier, the lab's own.

    Args:
        model: gives the trained classifier.
        sha256: gives the SHA-256 of its weights.
    """

    label = "Frechet distance (digit classifier)"
    about = "the 64 features of a digit classifier trained on natural images"
    spec = DigitClassifier()

    def __init__(self, model: Callable[[], keras.Model], sha256: Callable[[], str]):
        self._model, self.sha256 = model, sha256

    def features(self, images: Images) -> np.ndarray:
        """Features of all images, [N, 64]."""
        model = self._model()
        return predict(keras.Model(model.inputs[0], model.get_layer(FEATURES).output), images)


class ExtractorJudge:
    """Features of a network that is not trained here.

    Args:
        extractor: images to features.
    """

    spec = None

    def __init__(self, extractor: Extractor):
        self._extractor = extractor
        self.label = FID if extractor.is_inception else f"Frechet distance ({extractor.name})"
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


def open_judge(name: str, inception: str | None = None) -> ExtractorJudge:
    """The judge of one of the extractors of `stylegan2.evaluate`.

    Args:
        name: random-vgg16, inception, or the path of a .keras file of features.
        inception: path of the standard graph, for the second.
    """
    return ExtractorJudge(open_extractor(name, inception))
