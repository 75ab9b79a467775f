"""Measurements of trained values: pure functions of a lab, which caches their parts.

A source is a generator's images; None stands for the natural ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gan_knowledge_gaps.data import Images, Subset
from gan_knowledge_gaps.lab.config import KEPT_MODELS
from gan_knowledge_gaps.lab.specs import Classifier, DigitClassifier, ImageSource, Spec
from gan_knowledge_gaps.lab.store.inventory import STATISTICS
from gan_knowledge_gaps.lab.streaming import watched
from gan_knowledge_gaps.metrics import (
    DetectionMetrics,
    detection_metrics,
    frechet_distance,
    gaussian_statistics,
)

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab


def natural_logits(lab: Lab, classifier: Classifier) -> np.ndarray:
    """Logits [N] of the natural evaluation images."""
    key = "natural logits", lab.model_id(classifier)
    return lab.remembered(key, lambda: _logits(lab, classifier, None))


def generated_logits(lab: Lab, classifier: Classifier, source: ImageSource) -> np.ndarray:
    """Logits [N] of a source's evaluation images."""
    return _logits(lab, classifier, source)


def detection(lab: Lab, classifier: Classifier, source: ImageSource) -> DetectionMetrics:
    """How well a classifier detects a source's evaluation images."""
    # Kept, because every metric of a pair stands in several tables.
    return lab.remembered(
        _pair(lab, classifier, source),
        lambda: detection_metrics(
            generated_logits(lab, classifier, source), natural_logits(lab, classifier)
        ),
    )


def score(lab: Lab, classifiers: Iterable[Classifier], source: ImageSource) -> None:
    """Prepares `detection` by several classifiers: a source's images are made once for all.

    Where they are not kept, making them is most of the work.
    """
    new = [
        each
        for each in dict.fromkeys(classifiers)
        if not lab.has_remembered(_pair(lab, each, source))
        and not _logits_file(lab, each, source).exists()
    ]
    # As many at a time as stay in memory beside the generator.
    for first in range(0, len(new), KEPT_MODELS - 1):
        _score_at_once(lab, new[first : first + KEPT_MODELS - 1], source)


def _score_at_once(lab: Lab, classifiers: list[Classifier], source: ImageSource) -> None:
    from gan_knowledge_gaps.classifiers import predict_each

    with _evaluation(lab, source) as images:
        outputs = predict_each([lab.model(each) for each in classifiers], images)
    for classifier, output in zip(classifiers, outputs, strict=True):
        logits = output[:, 0]
        lab.cached(_logits_file(lab, classifier, source), functools.partial(np.asarray, logits))
        lab.remembered(
            _pair(lab, classifier, source),
            functools.partial(_metrics, lab, classifier, logits),
        )


def _metrics(lab: Lab, classifier: Classifier, logits: np.ndarray) -> DetectionMetrics:
    return detection_metrics(logits, natural_logits(lab, classifier))


def frechet(lab: Lab, source: ImageSource) -> float:
    """Fréchet distance of a source's evaluation images to the natural ones.

    Over the features of the lab's quality metric: comparable only with figures of the same data
    set, number of images and features.
    """
    return frechet_distance(*_statistics(lab, None), *_statistics(lab, source))


def natural_frechet(lab: Lab) -> float:
    """The Fréchet distance of as many natural training images: what perfect images would reach."""
    count = min(len(lab.dataset.train), len(lab.dataset.evaluation))

    def training() -> AbstractContextManager[Images]:
        return watched(Subset(lab.dataset.train, np.arange(count)), "natural images")

    statistics = _cached_statistics(lab, "training", training)
    return frechet_distance(*_statistics(lab, None), *statistics)


def digit_accuracy(lab: Lab) -> float:
    """Fraction of natural evaluation images whose digit the digit classifier tells."""
    from gan_knowledge_gaps.classifiers import predict

    logits = predict(lab.model(DigitClassifier()), lab.dataset.evaluation)
    return float(np.mean(logits.argmax(axis=1) == lab.dataset.evaluation_labels))


def digit_confidence(lab: Lab, source: ImageSource | None) -> float:
    """Mean of the digit classifier's largest probability over the evaluation images."""
    digits = DigitClassifier()

    def compute() -> np.ndarray:
        from scipy.special import softmax

        from gan_knowledge_gaps.classifiers import predict

        with _evaluation(lab, source) as images:
            logits = predict(lab.model(digits), images)
        return softmax(logits, axis=1).max(axis=1)

    name = f"confidence-{lab.model_id(digits)}-{lab.source_id(source)}.npz"
    return float(np.mean(lab.cached(lab.artifact(digits).folder / name, compute)))


def last_metrics(lab: Lab, spec: Spec) -> dict[str, float]:
    """A training's metrics over its last steps, as they stand in its last line."""
    return lab.artifact(spec).manifest()["metrics"]


def _pair(lab: Lab, classifier: Classifier, source: ImageSource) -> tuple[str, str, str]:
    return "detection", lab.model_id(classifier), lab.source_id(source)


def _logits(lab: Lab, classifier: Classifier, source: ImageSource | None) -> np.ndarray:
    def compute() -> np.ndarray:
        from gan_knowledge_gaps.classifiers import predict

        with _evaluation(lab, source) as images:
            return predict(lab.model(classifier), images)[:, 0]

    return lab.cached(_logits_file(lab, classifier, source), compute)


def _logits_file(lab: Lab, classifier: Classifier, source: ImageSource | None) -> Path:
    name = f"logits-{lab.model_id(classifier)}-{lab.source_id(source)}.npz"
    return lab.artifact(classifier).folder / name


def _evaluation(lab: Lab, source: ImageSource | None) -> AbstractContextManager[Images]:
    """The evaluation images of a source; to be read once, in order."""
    images = lab.dataset.evaluation if source is None else lab.evaluation_images(source)
    return watched(images, "natural images" if source is None else f"images of {source!r}")


def _statistics(lab: Lab, source: ImageSource | None) -> tuple[np.ndarray, np.ndarray]:
    """Mean [D] and covariance [D, D] of the features of evaluation images."""
    return _cached_statistics(lab, lab.source_id(source), lambda: _evaluation(lab, source))


def _cached_statistics(
    lab: Lab, source: str, evaluation: Callable[[], AbstractContextManager[Images]]
) -> tuple[np.ndarray, np.ndarray]:
    def compute() -> np.ndarray:
        with evaluation() as images:
            return np.vstack(gaussian_statistics(lab.quality.features(images)))

    # The natural images' too are named after the data: labs of several share the folder.
    name = f"{lab.dataset.fingerprint[:16]}-{source}.npz"
    folder = lab.workdir / STATISTICS / lab.quality.sha256()[:16]
    mean, *covariance = lab.cached(folder / name, compute)
    return mean, np.stack(covariance)
