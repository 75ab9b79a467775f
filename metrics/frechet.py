"""The Fréchet distance between Gaussians fitted to features (Heusel et al., 2017).

Only with the features of the standard Inception network is it called FID; with any other network's
it goes by that network's name.
"""

import numpy as np


def gaussian_statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean [D] and unbiased covariance [D, D], float64, of features [N, D].

    Raises:
        ValueError: fewer than two features.
    """
    if len(features) < 2:
        raise ValueError("a covariance needs at least two features")
    features = np.asarray(features, np.float64)
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def frechet_distance(
    mean_a: np.ndarray, covariance_a: np.ndarray, mean_b: np.ndarray, covariance_b: np.ndarray
) -> float:
    """`|mean_a - mean_b|^2 + tr(A + B - 2 (A B)^(1/2))`, at least 0.

    The trace of the root is taken over the eigenvalues of `A^(1/2) B A^(1/2)`, which is symmetric:
    covariances of rank below D need no regularisation.

    Args:
        mean_a: [D].
        covariance_a: [D, D], symmetric, positive semidefinite.
        mean_b: [D].
        covariance_b: [D, D].
    """
    from scipy import linalg

    values, vectors = linalg.eigh(covariance_a)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    cross = np.clip(linalg.eigvalsh(root @ covariance_b @ root), 0, None)
    distance = np.sum((mean_a - mean_b) ** 2) + np.trace(covariance_a) + np.trace(covariance_b)
    return float(max(0.0, distance - 2 * np.sum(np.sqrt(cross))))
