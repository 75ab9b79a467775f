"""The kernel distance between two sets of features (Binkowski et al. 2018).

With the features of the standard Inception network it is the KID.
"""

from collections.abc import Callable

import numpy as np

SUBSETS = 100
SUBSET_SIZE = 1000


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Unbiased estimate of MMD^2 under the kernel `(x . y / D + 1)^3`.

    Its expectation is 0 between equal distributions whatever the number of features, so that
    single estimates are as often below 0 as above.

    Args:
        first: [N, D], N at least 2.
        second: [M, D], M at least 2.

    Raises:
        ValueError: a set has fewer than two features.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError("an unbiased kernel distance needs at least two features of each set")
    first, second = (np.asarray(each, np.float64) for each in (first, second))
    between = _kernel(first, second).mean()
    return float(_mean_of_pairs(first) + _mean_of_pairs(second) - 2 * between)


def kernel_distances(
    first: np.ndarray,
    second: np.ndarray,
    subsets: int = SUBSETS,
    subset_size: int = SUBSET_SIZE,
    seed: int = 0,
    done: Callable[[int], None] = lambda subsets: None,
) -> np.ndarray:
    """The distance between random subsets of both sets, each drawn without replacement.

    What is published as KID is the mean, with the standard deviation (ddof 0) beside it. The
    defaults are those of torch-fidelity and torchmetrics.

    Args:
        first: [N, D].
        second: [M, D].
        subsets: how many.
        subset_size: features of each set in a subset; at most N and M are taken.
        seed: seed of the subsets.
        done: called with a number of subsets as they are done.

    Returns:
        float64 [subsets].
    """
    random = np.random.default_rng(seed)
    size = min(subset_size, len(first), len(second))

    def drawn(features: np.ndarray) -> np.ndarray:
        return features[random.choice(len(features), size, replace=False)]

    distances = np.empty(subsets)
    for index in range(subsets):
        distances[index] = kernel_distance(drawn(first), drawn(second))
        done(1)
    return distances


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first @ second.T / first.shape[1] + 1.0) ** 3  # [N, M]


def _mean_of_pairs(features: np.ndarray) -> float:
    """The kernel's mean over pairs of different features."""
    count, values = len(features), _kernel(features, features)
    return (values.sum() - np.trace(values)) / (count * (count - 1))
