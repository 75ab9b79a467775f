"""How well a classifier's logits tell generated images from natural ones."""

import dataclasses

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score


@dataclasses.dataclass(frozen=True)
class DetectionMetrics:
    """One classifier on one generator's images and the natural evaluation images.

    Attributes:
        detection_rate: fraction of generated images called generated; the paper's tables.
        natural_accuracy: fraction of natural images called natural.
        average_precision: AP, "generated" being the positive class.
        roc_auc: area under the ROC curve.
    """

    detection_rate: float
    natural_accuracy: float
    average_precision: float
    roc_auc: float


def detection_rate(generated_logits: np.ndarray) -> float:
    """Fraction of generated images called generated at the threshold 0.5, a logit of 0.

    Args:
        generated_logits: [N], positive = generated.
    """
    return float(np.mean(generated_logits > 0))


def detection_metrics(generated_logits: np.ndarray, natural_logits: np.ndarray) -> DetectionMetrics:
    """All figures of one classifier and one generator.

    Args:
        generated_logits: [N], logits of generated images.
        natural_logits: [M], logits of natural images.
    """
    logits = np.concatenate([generated_logits, natural_logits])
    labels = np.repeat([1, 0], [len(generated_logits), len(natural_logits)])
    return DetectionMetrics(
        detection_rate=detection_rate(generated_logits),
        natural_accuracy=1.0 - detection_rate(natural_logits),
        average_precision=float(average_precision_score(labels, logits)),
        roc_auc=float(roc_auc_score(labels, logits)),
    )
