"""Confidence intervals of detection metrics.

They tell the spread over images, not over classifiers or generators. All hold for a handful of
images and for a classifier that made no mistake, where the bootstrap's percentiles are too narrow
or have no width at all. Limits are within 0 ... 1.
"""

from collections.abc import Sequence

import numpy as np

from gan_knowledge_gaps.metrics.detection import (
    average_precision_influence,
    detection_rate,
    detection_rate_at,
    roc_auc_influence,
)
from gan_knowledge_gaps.metrics.prior import BALANCED

LEVEL = 0.95

Interval = tuple[float, float]


def wilson(share: float, count: float, level: float = LEVEL) -> Interval:
    """Wilson's interval of a binomial share (1927): Brown, Cai & DasGupta's choice for few images.

    Args:
        share: that was found, in [0, 1].
        count: of how many images; an effective number may be no whole one.
        level: probability that the interval stands for.
    """
    from scipy.special import ndtri

    squared = ndtri((1 + level) / 2) ** 2 / count
    half = np.sqrt(squared * (share * (1 - share) + squared / 4))
    low, high = ((share + squared / 2 + end) / (1 + squared) for end in (-half, half))
    # Exact at the ends, where rounding would leave the share outside of its own interval.
    return float(min(max(0.0, low), share)), float(max(min(1.0, high), share))


def rate_interval(
    generated_logits: np.ndarray, natural_logits: np.ndarray, level: float = LEVEL
) -> Interval:
    """Interval of the detection rate at the threshold 0.5; Wilson's.

    Args:
        generated_logits: [N], positive = generated.
        natural_logits: not looked at.
        level: probability that the interval stands for.
    """
    return wilson(detection_rate(generated_logits), len(generated_logits), level)


def accuracy_interval(
    generated_logits: np.ndarray, natural_logits: np.ndarray, level: float = LEVEL
) -> Interval:
    """Interval of the mean of detection rate and share of natural images called natural.

    Args:
        generated_logits: [N], positive = generated.
        natural_logits: [M].
        level: probability that the interval stands for.
    """
    shares = detection_rate(generated_logits), 1 - detection_rate(natural_logits)
    return mean_share_interval(shares, (len(generated_logits), len(natural_logits)), level)


def mean_share_interval(
    shares: Sequence[float], counts: Sequence[int], level: float = LEVEL
) -> Interval:
    """Interval of the mean of several binomial shares, such as those of classes that weigh alike.

    Wilson's limits of each, combined as independent errors are (Newcombe 1998; Zou & Donner 2008).

    Args:
        shares: [K], in [0, 1].
        counts: of how many images each, [K].
        level: probability that the interval stands for.
    """
    limits = np.array([wilson(*each, level) for each in zip(shares, counts, strict=True)])  # [K, 2]
    mean, distances = np.mean(shares), np.abs(limits - np.array(shares)[:, None])
    down, up = np.linalg.norm(distances, axis=0) / len(limits)
    return _within(mean - down, mean + up)


def roc_auc_interval(
    generated_logits: np.ndarray, natural_logits: np.ndarray, level: float = LEVEL
) -> Interval:
    """Interval of the area under the ROC curve: Wilson's, with DeLong's variance (1988).

    Args:
        generated_logits: [N], positive = generated.
        natural_logits: [M].
        level: probability that the interval stands for.
    """
    return _of_influence(roc_auc_influence(generated_logits, natural_logits), level)


def average_precision_interval(
    generated_logits: np.ndarray,
    natural_logits: np.ndarray,
    level: float = LEVEL,
    prior: float = BALANCED,
) -> Interval:
    """Interval of the average precision: Wilson's, with the variance of its influence function.

    The first few natural images weigh most. Where these are few and generated ones are many, it is
    somewhat narrow: of 50 and 500 normal logits it held the truth in 89 of 100 simulations.

    Args:
        generated_logits: [N], positive = generated.
        natural_logits: [M].
        level: probability that the interval stands for.
        prior: share of generated images, above 0 and below 1.
    """
    influence = average_precision_influence(generated_logits, natural_logits, prior)
    return _of_influence(influence, level)


def rate_at_interval(
    false_positive_rate: float,
    generated_logits: np.ndarray,
    natural_logits: np.ndarray,
    level: float = LEVEL,
) -> Interval:
    """Interval of the detection rate at a false positive rate.

    It counts both errors: of the rate at a threshold (Wilson), and of the threshold, which lies
    between two order statistics of the natural images. Too few natural images cannot tell the
    threshold at all: below 368 for a rate of 1 % and below 72 for one of 5 % (at a level of 95 %)
    it may lie above all of them, and the lower limit is 0.

    Args:
        false_positive_rate: of the threshold, in (0, 1).
        generated_logits: [N], positive = generated.
        natural_logits: [M].
        level: probability that the interval stands for.
    """
    rate = detection_rate_at(false_positive_rate, generated_logits, natural_logits)
    low, high = wilson(rate, len(generated_logits), level)
    highest, lowest = (
        float(np.mean(generated_logits > threshold))
        for threshold in threshold_interval(false_positive_rate, natural_logits, level)
    )
    down, up = np.hypot(rate - low, rate - lowest), np.hypot(high - rate, highest - rate)
    return _within(rate - down, rate + up)


def threshold_interval(
    false_positive_rate: float, natural_logits: np.ndarray, level: float = LEVEL
) -> Interval:
    """Interval of the threshold of a false positive rate: two of the natural images' logits.

    It holds for every distribution. Where there are too few images it reaches to -inf or inf.

    Args:
        false_positive_rate: of the threshold, in (0, 1).
        natural_logits: [M].
        level: probability that the interval stands for.
    """
    from scipy.stats import binom

    ordered = np.concatenate([[-np.inf], np.sort(natural_logits), [np.inf]])
    count = len(natural_logits)
    # So many natural images lie above the true threshold, at least and at most.
    least, most = binom.ppf([(1 - level) / 2, (1 + level) / 2], count, false_positive_rate)
    return float(ordered[count - int(most)]), float(ordered[count + 1 - int(least)])


def false_positive_interval(above: int, count: int, level: float = LEVEL) -> Interval:
    """Interval of the false positive rate of a threshold that is one of the natural images' logits.

    What lies above the order statistic is beta-distributed, whatever the logits are.

    Args:
        above: natural images above it, less than `count`.
        count: natural images that it was chosen by.
        level: probability that the interval stands for.
    """
    from scipy.stats import beta

    low, high = beta.ppf([(1 - level) / 2, (1 + level) / 2], above + 1, count - above)
    return float(low), float(high)


def _of_influence(influence: tuple[np.ndarray, np.ndarray], level: float) -> Interval:
    """Wilson's interval for as many images as would give a share the variance that was found.

    A share of `count` images has the variance value (1 - value) / count. No statistic here has a
    larger one than a share of the rarer kind alone (Birnbaum & Klose 1957 for the AUC), nor, to
    rely on, a smaller one than a share of all images: few mistakes tell little of their variance.

    Args:
        influence: of generated and of natural images; the mean of the first is the value.
        level: probability that the interval stands for.
    """
    counts = [len(part) for part in influence]
    value = float(np.clip(np.mean(influence[0]), 0, 1))
    # Of a kind with one image no variance is known: least count.
    variance = sum(np.var(part, ddof=1) / len(part) if len(part) > 1 else 1.0 for part in influence)
    effective = value * (1 - value) / variance if variance else np.inf
    return wilson(value, float(np.clip(effective, min(counts), sum(counts))), level)


def _within(low: float, high: float) -> Interval:
    return float(max(0.0, low)), float(min(1.0, high))
