"""The temperature and the threshold of an attributor, by images of known classes."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from gan_knowledge_gaps.classifiers.attribution.attributor import Attributor
from gan_knowledge_gaps.data import Images
from gan_knowledge_gaps.metrics.calibration import fit_class_temperature
from gan_knowledge_gaps.metrics.open_set import class_weights, max_logit, rejection_threshold


def fitted(attributor: Attributor, images: Sequence[Images], rate: float) -> Attributor:
    """The attributor with the temperature and the threshold that fit images that do not train.

    Classes weigh the same, however many images they have.

    Args:
        attributor: any.
        images: of each class.
        rate: share of such images that may be called unknown, in [0, 1).
    """
    logits, labels = joined([attributor.logits(each) for each in images])
    weights = class_weights(labels)
    return dataclasses.replace(
        attributor,
        temperature=fit_class_temperature(logits, labels, weights),
        threshold=rejection_threshold(max_logit(logits), rate, weights),
    )


def joined(logits: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Logits of all classes [N, K], and the classes that they are of, int64 [N]."""
    labels = np.repeat(np.arange(len(logits)), [len(each) for each in logits])
    return np.concatenate(logits), labels
