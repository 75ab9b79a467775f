"""The temperature and the thresholds of an attributor, by images of known classes."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from gan_knowledge_gaps.classifiers.attribution.attributor import Attributor
from gan_knowledge_gaps.data import Images
from gan_knowledge_gaps.metrics.calibration import fit_class_temperature
from gan_knowledge_gaps.metrics.open_set import class_weights, max_logit, rejection_threshold


def fitted(attributor: Attributor, images: Sequence[Images], rate: float) -> Attributor:
    """The attributor with the temperature and the thresholds that fit images that do not train.

    For the temperature classes weigh the same, however many images they have. Each class has a
    threshold of its own, for some have larger logits than others.

    Args:
        attributor: any.
        images: of each class.
        rate: share of a class's images that may be called unknown, of those whose largest logit is
            that of the class, in [0, 1).
    """
    logits = [attributor.logits(each) for each in images]
    return dataclasses.replace(
        attributor,
        temperature=fit_class_temperature(*joined(logits), class_weights(joined(logits)[1])),
        thresholds=tuple(_threshold(each, label, rate) for label, each in enumerate(logits)),
    )


def _threshold(logits: np.ndarray, label: int, rate: float) -> float:
    """Of the images of a class [N, K], by those that are recognised; by all where none is."""
    right = logits.argmax(axis=1) == label
    return rejection_threshold(max_logit(logits[right] if right.any() else logits), rate)


def joined(logits: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Logits of all classes [N, K], and the classes that they are of, int64 [N]."""
    labels = np.repeat(np.arange(len(logits)), [len(each) for each in logits])
    return np.concatenate(logits), labels
