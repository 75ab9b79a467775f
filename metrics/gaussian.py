"""Mean and covariance of features that arrive in batches."""

import numpy as np


class RunningGaussian:
    """Mean and unbiased covariance of any number of features, without holding them.

    Batches are joined by their means and centred products (Chan, Golub and LeVeque 1983), so that
    large means cost no digits.

    Args:
        dimensions: D.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.metrics import RunningGaussian
        >>> gaussian = RunningGaussian(dimensions=2)
        >>> gaussian.add(np.array([[0.0, 0.0], [2.0, 0.0]]))
        >>> gaussian.add(np.array([[1.0, 3.0]]))
        >>> mean, covariance = gaussian.statistics()
        >>> mean.tolist(), covariance.tolist()
        ([1.0, 1.0], [[1.0, 0.0], [0.0, 3.0]])
    """

    def __init__(self, dimensions: int):
        self.count = 0
        self._mean = np.zeros(dimensions)
        self._products = np.zeros((dimensions, dimensions))

    def add(self, features: np.ndarray) -> None:
        """Adds features [n, D]."""
        features = np.asarray(features, np.float64)
        if not len(features):
            return
        total = self.count + len(features)
        mean = features.mean(axis=0)
        centered, apart = features - mean, mean - self._mean
        self._products += centered.T @ centered
        self._products += np.outer(apart, apart) * (self.count * len(features) / total)
        self._mean += apart * (len(features) / total)
        self.count = total

    def statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean [D] and covariance [D, D] (ddof 1), float64, as `frechet_distance` takes them.

        Raises:
            ValueError: fewer than two features.
        """
        if self.count < 2:
            raise ValueError("a covariance needs at least two features")
        return self._mean.copy(), self._products / (self.count - 1)
