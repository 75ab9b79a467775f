"""How well a classifier's logits tell generated images from natural ones."""

import dataclasses
from collections.abc import Callable

import numpy as np


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
    """All metrics of one classifier and one generator.

    Args:
        generated_logits: [N], logits of generated images.
        natural_logits: [M], logits of natural images.
    """
    logits = np.concatenate([generated_logits, natural_logits])
    labels = np.repeat([1, 0], [len(generated_logits), len(natural_logits)])
    from sklearn.metrics import average_precision_score, roc_auc_score

    return DetectionMetrics(
        detection_rate=detection_rate(generated_logits),
        natural_accuracy=1.0 - detection_rate(natural_logits),
        average_precision=float(average_precision_score(labels, logits)),
        roc_auc=float(roc_auc_score(labels, logits)),
    )


def detection_rate_at(
    false_positive_rate: float, generated_logits: np.ndarray, natural_logits: np.ndarray
) -> float:
    """The detection rate at the lowest threshold with at most this false positive rate.

    Args:
        false_positive_rate: largest fraction of natural images called generated, in [0, 1).
        generated_logits: [N], positive = generated.
        natural_logits: [M]. A rate below 1 / M means that none may be called generated.
    """
    allowed = int(false_positive_rate * len(natural_logits))
    # What is above the first natural image that must not be called generated.
    threshold = np.sort(natural_logits)[len(natural_logits) - 1 - allowed]
    return float(np.mean(generated_logits > threshold))


def interval(
    statistic: Callable[[np.ndarray, np.ndarray], float],
    generated_logits: np.ndarray,
    natural_logits: np.ndarray,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """A bootstrap interval of a metric: percentiles over images drawn again, each kind by itself.

    It tells the spread over images, not over classifiers or generators.

    Args:
        statistic: of (generated logits, natural logits).
        generated_logits: [N].
        natural_logits: [M].
        level: probability that the interval stands for.
        resamples: how often images are drawn.
        seed: of the draws.
    """
    from scipy import stats

    found = stats.bootstrap(
        (generated_logits, natural_logits),
        statistic,
        n_resamples=resamples,
        vectorized=False,
        confidence_level=level,
        method="percentile",
        rng=seed,
    ).confidence_interval
    return float(found.low), float(found.high)
