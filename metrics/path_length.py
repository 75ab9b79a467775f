"""Perceptual path length (Karras et al. 2019, section 4.1)."""

from collections.abc import Callable

import numpy as np

EPSILON = 1e-4


def lerp(start: np.ndarray, end: np.ndarray, position: np.ndarray) -> np.ndarray:
    """`a + (b - a) t`, for paths in W.

    Args:
        start: a, [N, ...].
        end: b.
        position: t, broadcast against them.
    """
    return start + (end - start) * position


def slerp(start: np.ndarray, end: np.ndarray, position: np.ndarray) -> np.ndarray:
    """The point at t on the arc between two normalized vectors, for paths in Z (Shoemake 1985).

    `a sin((1 - t) angle) / sin(angle) + b sin(t angle) / sin(angle)`

    Args:
        start: [N, D], D at least 2; of any length but 0, and not opposite to `end`.
        end: [N, D].
        position: t, [N, 1]; 0 gives the start, 1 the end.

    Returns:
        float64 [N, D], of length 1.
    """
    start, end = (
        each / np.linalg.norm(each, axis=-1, keepdims=True)
        for each in (np.asarray(start, np.float64), np.asarray(end, np.float64))
    )
    turns = np.arccos(np.clip(np.sum(start * end, axis=-1, keepdims=True), -1.0, 1.0)) / np.pi

    def weight(share: np.ndarray) -> np.ndarray:
        # By sinc, which has no division by zero between equal ends.
        return share * np.sinc(share * turns) / np.sinc(turns)

    return weight(1.0 - position) * start + weight(position) * end


def path_lengths(
    synthesize: Callable[[np.ndarray], np.ndarray],
    distance: Callable[[np.ndarray, np.ndarray], np.ndarray],
    start: np.ndarray,
    end: np.ndarray,
    position: np.ndarray,
    epsilon: float = EPSILON,
    interpolate: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray] = lerp,
) -> np.ndarray:
    """`d(g(path(a, b, t)), g(path(a, b, t + epsilon))) / epsilon^2` for each pair (a, b).

    Args:
        synthesize: latents [N, ...] to images; calls with the same N must draw the same noise.
        distance: two batches of images to perceptual distances [N], quadratic in small changes.
        start: latents of one end of each path, [N, ...].
        end: latents of the other end.
        position: t, [N]; 0 for the path's end, uniform in [0, 1) for the full path.
        epsilon: the step; 1e-4 in the paper.
        interpolate: the path: `lerp` in W, `slerp` in Z.

    Returns:
        float64 [N]; the perceptual path length is their mean.
    """
    t = np.reshape(position, (-1,) + (1,) * (start.ndim - 1))
    images = [synthesize(interpolate(start, end, at)) for at in (t, t + epsilon)]
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
