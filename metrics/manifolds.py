"""Improved precision and recall (Kynkaanniemi et al. 2019, equations 1 and 2); density and coverage
(Naeem et al. 2020, equations 5 and 6).
"""

from collections.abc import Callable, Iterator

import numpy as np

NEIGHBOURS, DENSITY_NEIGHBOURS = 3, 5
_BLOCK_VALUES = 2**24  # distances held at a time: 128 MB


def precision_recall(
    generated: np.ndarray,
    natural: np.ndarray,
    neighbours: int = NEIGHBOURS,
    done: Callable[[int], None] = lambda rows: None,
) -> tuple[float, float]:
    """How many generated images look natural, and how much of the natural ones is generated.

    A set's manifold is the union of balls around its features, each reaching to its k-th nearest
    neighbour in the set. Precision is the fraction of generated features on the natural manifold,
    recall the fraction of natural features on the generated one. Distances are computed in blocks:
    memory grows with N, not with its square; time grows with its square.

    Args:
        generated: [N, D], N above `neighbours`.
        natural: [M, D], M above `neighbours`.
        neighbours: k; 3 in the paper.
        done: called with a number of rows as they are done; they are 2 (N + M) in all.

    Returns:
        precision and recall, in [0, 1].

    Raises:
        ValueError: a set has too few features.
    """
    if min(len(generated), len(natural)) <= neighbours:
        raise ValueError(f"{neighbours} neighbours need more than {neighbours} features of a set")
    generated, natural = _centered(generated, natural)
    precision = np.mean(_covered(generated, natural, _radii(natural, neighbours, done), done))
    recall = np.mean(_covered(natural, generated, _radii(generated, neighbours, done), done))
    return float(precision), float(recall)


def density_coverage(
    generated: np.ndarray,
    natural: np.ndarray,
    neighbours: int = DENSITY_NEIGHBOURS,
    done: Callable[[int], None] = lambda rows: None,
) -> tuple[float, float]:
    """Density and coverage of natural images by generated ones.

    Each natural feature has a ball up to its k-th nearest other one. Density is the number of balls
    around a generated feature, in the mean, by k; coverage is the fraction of balls with a
    generated feature in them. Outliers among the natural features weigh less than in precision.

    Args:
        generated: [N, D], N of 1 or more.
        natural: [M, D], M above `neighbours`.
        neighbours: k; 5 in the paper.
        done: called with a number of rows as they are done; they are N + M in all.

    Returns:
        density, 0 or more, and coverage in [0, 1].

    Raises:
        ValueError: a set has too few features.
    """
    if len(natural) <= neighbours or not len(generated):
        raise ValueError(f"{neighbours} neighbours need more than {neighbours} natural features")
    generated, natural = _centered(generated, natural)
    radii, balls, reached = _radii(natural, neighbours, done), 0, np.zeros(len(natural), bool)
    for _, distances in _squared_distances(generated, natural):
        inside = distances < radii
        balls += int(inside.sum())
        reached |= inside.any(axis=0)
        done(len(distances))
    return balls / (neighbours * len(generated)), float(reached.mean())


def _centered(generated: np.ndarray, natural: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances stay the same, and lose fewer digits near the origin."""
    center = np.mean(natural, axis=0, dtype=np.float64)
    return np.asarray(generated, np.float64) - center, np.asarray(natural, np.float64) - center


def _radii(points: np.ndarray, neighbours: int, done: Callable[[int], None]) -> np.ndarray:
    """Squared distance of each point to its k-th nearest other point, [N]."""
    radii = np.empty(len(points))
    for rows, distances in _squared_distances(points, points):
        own = np.arange(rows.start, rows.stop)
        distances[own - rows.start, own] = np.inf
        radii[rows] = np.partition(distances, neighbours - 1, axis=1)[:, neighbours - 1]
        done(len(own))
    return radii


def _covered(
    queries: np.ndarray, points: np.ndarray, radii: np.ndarray, done: Callable[[int], None]
) -> np.ndarray:
    """Whether each query lies in the ball of at least one point, [N]."""
    covered = np.empty(len(queries), bool)
    for rows, distances in _squared_distances(queries, points):
        covered[rows] = (distances <= radii).any(axis=1)
        done(len(distances))
    return covered


def _squared_distances(
    queries: np.ndarray, points: np.ndarray
) -> Iterator[tuple[slice, np.ndarray]]:
    """Blocks of rows of the matrix of squared distances, [rows, M]."""
    squares = np.square(points).sum(axis=1)
    size = max(1, _BLOCK_VALUES // len(points))
    for start in range(0, len(queries), size):
        rows = slice(start, min(start + size, len(queries)))
        block = queries[rows]
        distances = np.square(block).sum(axis=1)[:, None] + squares - 2 * (block @ points.T)
        yield rows, np.maximum(distances, 0.0, out=distances)
