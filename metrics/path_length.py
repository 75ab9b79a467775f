"""Perceptual path length (Karras et al. 2019, section 4.1)."""

from collections.abc import Callable

import numpy as np

EPSILON = 1e-4


def path_lengths(
    synthesize: Callable[[np.ndarray], np.ndarray],
    distance: Callable[[np.ndarray, np.ndarray], np.ndarray],
    start: np.ndarray,
    end: np.ndarray,
    position: np.ndarray,
    epsilon: float = EPSILON,
) -> np.ndarray:
    """`d(g(lerp(a, b, t)), g(lerp(a, b, t + epsilon))) / epsilon^2` for each pair (a, b).

    Args:
        synthesize: w [N, ...] to images; calls with the same N must draw the same noise.
        distance: two batches of images to perceptual distances [N], quadratic in small changes.
        start: w of one end of each path, [N, ...].
        end: w of the other end.
        position: t, [N]; 0 for the path's end, uniform in [0, 1) for the full path.
        epsilon: the step; 1e-4 in the paper.

    Returns:
        float64 [N]; the perceptual path length is their mean.
    """
    t = np.reshape(position, (-1,) + (1,) * (start.ndim - 1))
    images = [synthesize(start + (end - start) * at) for at in (t, t + epsilon)]
    return np.asarray(distance(*images), np.float64) / epsilon**2


def trimmed_mean(lengths: np.ndarray, lower: float = 1.0, upper: float = 99.0) -> float:
    """The mean of the lengths between two percentiles, ends included.

    The paper does not say so, but published figures leave out the extreme hundredth at each end,
    as torch-fidelity does by default.

    Args:
        lengths: [N], N at least 1.
        lower: percentile in [0, 100].
        upper: percentile in [0, 100].
    """
    least = np.percentile(lengths, lower, method="lower")
    most = np.percentile(lengths, upper, method="higher")
    return float(np.mean(lengths[(least <= lengths) & (lengths <= most)]))
