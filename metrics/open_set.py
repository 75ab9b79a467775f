"""Images of classes that a classifier does not know: scores by which it refuses them.

All scores are of logits [N, K] of the K classes that it knows, and are high where it knows one.
"""

import numpy as np


def max_softmax(logits: np.ndarray) -> np.ndarray:
    """The largest probability, [N] (Hendrycks & Gimpel 2017)."""
    from scipy.special import softmax

    return softmax(np.asarray(logits, np.float64), axis=1).max(axis=1)


def max_logit(logits: np.ndarray) -> np.ndarray:
    """The largest logit, [N], which keeps what the softmax divides out (Vaze et al. 2022)."""
    return np.asarray(logits, np.float64).max(axis=1)


def energy(logits: np.ndarray) -> np.ndarray:
    """The negative free energy, [N]: the logarithm of the sum of exponentials (Liu et al. 2020)."""
    from scipy.special import logsumexp

    return logsumexp(np.asarray(logits, np.float64), axis=1)


def class_weights(labels: np.ndarray) -> np.ndarray:
    """Weights under which each class weighs the same, however many images it has.

    Args:
        labels: [N], 0 ... K - 1; each must be there.

    Returns:
        float64 [N], of sum 1.
    """
    counts = np.bincount(labels)
    return 1 / (len(counts) * counts[labels])


def rejection_threshold(scores: np.ndarray, rate: float) -> float:
    """The largest threshold below which at most this share of the images of a known class lies.

    Args:
        scores: [N], of images of the class; what is below the threshold is refused.
        rate: share that may be refused, in [0, 1).
    """
    allowed = int(rate * len(scores) + 1e-9)  # which rounding of the product may miss
    return float(np.sort(scores)[allowed])
