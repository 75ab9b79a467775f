"""How well a classifier's logits tell generated images from natural ones."""

import dataclasses

import numpy as np

from gan_knowledge_gaps.metrics.prior import BALANCED, prior_weights


@dataclasses.dataclass(frozen=True)
class DetectionMetrics:
    """One classifier on one generator's images and the natural evaluation images.

    Attributes:
        detection_rate: fraction of generated images called generated; the paper's tables.
        natural_accuracy: fraction of natural images called natural.
        average_precision: AP, "generated" being the positive class.
        roc_auc: area under the ROC curve.
        detection_rate_at_5_fpr: fraction of generated images called generated at the classifier's
            own threshold of 5 % false positives, which makes classifiers comparable that are more
            or less inclined to call an image natural.
    """

    detection_rate: float
    natural_accuracy: float
    average_precision: float
    roc_auc: float
    detection_rate_at_5_fpr: float


def detection_rate(generated_logits: np.ndarray) -> float:
    """Fraction of generated images called generated at the threshold 0.5, a logit of 0.

    Args:
        generated_logits: [N], positive = generated.
    """
    return float(np.mean(generated_logits > 0))


def detection_metrics(
    generated_logits: np.ndarray, natural_logits: np.ndarray, prior: float | None = None
) -> DetectionMetrics:
    """All metrics of one classifier and one generator.

    Args:
        generated_logits: [N], logits of generated images.
        natural_logits: [M], logits of natural images.
        prior: share of generated images at which the average precision is taken, above 0 and below
            1; None for N / (N + M), as both were collected. The others do not depend on it.
    """
    logits = np.concatenate([generated_logits, natural_logits])
    labels = np.repeat([1, 0], [len(generated_logits), len(natural_logits)])
    weights = None if prior is None else prior_weights(labels, prior)
    from sklearn.metrics import average_precision_score, roc_auc_score

    return DetectionMetrics(
        detection_rate=detection_rate(generated_logits),
        natural_accuracy=1.0 - detection_rate(natural_logits),
        average_precision=float(average_precision_score(labels, logits, sample_weight=weights)),
        roc_auc=float(roc_auc_score(labels, logits)),
        detection_rate_at_5_fpr=detection_rate_at(0.05, generated_logits, natural_logits),
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
    threshold = threshold_at(false_positive_rate, natural_logits)
    return float(np.mean(generated_logits > threshold))


def threshold_at(false_positive_rate: float, natural_logits: np.ndarray) -> float:
    """The lowest threshold above which there is at most this share of the natural images.

    Args:
        false_positive_rate: in [0, 1).
        natural_logits: [M]. A rate below 1 / M means that none may be above.
    """
    allowed = int(false_positive_rate * len(natural_logits))
    # The first natural image that must not be called generated.
    return float(np.sort(natural_logits)[len(natural_logits) - 1 - allowed])


def roc_auc_influence(
    generated_logits: np.ndarray, natural_logits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What each image contributes to the area under the ROC curve (DeLong et al. 1988).

    Returns:
        Of each generated image the share of natural ones below it [N], and of each natural image
        the share of generated ones above it [M], ties counting half. The mean of either is the
        area.
    """
    natural, generated = np.sort(natural_logits), np.sort(generated_logits)
    below, above = _share_below(natural, generated_logits), _share_below(generated, natural_logits)
    return below, 1 - above


def average_precision_influence(
    generated_logits: np.ndarray, natural_logits: np.ndarray, prior: float = BALANCED
) -> tuple[np.ndarray, np.ndarray]:
    """How much each image changes the average precision, to first order: its influence function.

    Average precision is the mean over generated images of the precision at their logit,
    p T / (p T + (1 - p) F), p being the prior, T and F the shares of generated and natural images
    from that logit on. An image moves it by its own precision and by T or F at others' logits.

    Args:
        generated_logits: [N].
        natural_logits: [M].
        prior: share of generated images, above 0 and below 1.

    Returns:
        Of the generated images [N], whose mean is the average precision, and of the natural ones
        [M], whose mean is 0.
    """
    generated, natural = np.sort(generated_logits), np.sort(natural_logits)
    true = 1 - np.searchsorted(generated, generated) / len(generated)  # T, of sorted logits
    false = 1 - np.searchsorted(natural, generated) / len(natural)
    called = prior * true + (1 - prior) * false
    slope = prior * (1 - prior) / called**2 / len(generated)
    # Sums over all generated images up to a logit: 0 for none of them.
    by_true, by_false = (np.append(0, np.cumsum(slope * each)) for each in (false, true))
    own = prior * true / called
    of_generated = by_true[np.searchsorted(generated, generated_logits, "right")]
    of_natural = -by_false[np.searchsorted(generated, natural_logits, "right")]
    places = np.searchsorted(generated, generated_logits)
    return own[places] + of_generated - of_generated.mean(), of_natural - of_natural.mean()


def _share_below(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Share of the ordered numbers below each value, ties counting half."""
    below, not_above = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return (below + not_above) / (2 * len(ordered))
