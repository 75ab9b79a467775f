"""Generated images by index, as an evaluation takes them."""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.evaluation.config import PathMetric

Distance = Callable[[tf.Tensor, tf.Tensor], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Sampler:
    """Generated images by index.

    Attributes:
        images: Maps integers [n] to images, uint8 [n, H, W, C]; image i depends on i alone.
        sha256: Names all else that the images depend on: weights, seed, truncation. Features are
            kept under this name, so that other images must have another one.
        path_lengths: Lengths of the latent paths with the indices [n], float64 [n], as
            `metrics.path_lengths` defines them: given the indices, the kind of path, a distance
            between two batches of float images [N, H, W, C], and epsilon. None where there are no
            such paths.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.evaluation import Sampler
        >>> generated = np.zeros((1000, 32, 32, 3), np.uint8)  # of your own model
        >>> sampler = Sampler(lambda indices: generated[indices], sha256="my model, step 1000")
        >>> sampler.images(np.arange(16)).shape
        (16, 32, 32, 3)
    """

    images: Callable[[np.ndarray], np.ndarray]
    sha256: str
    path_lengths: Callable[[np.ndarray, PathMetric, Distance, float], np.ndarray] | None = None
