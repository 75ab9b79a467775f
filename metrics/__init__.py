"""Figures of merit, as pure functions of arrays.

detection           how well a classifier's logits tell generated images from natural ones
frechet             the frechet distance between two sets of features
sliced_wasserstein  the distance between patches of two sets of images, at every scale
"""

from metrics.detection import DetectionMetrics, detection_metrics, detection_rate
from metrics.frechet import frechet_distance, gaussian_statistics
from metrics.sliced_wasserstein import sliced_wasserstein_distances

__all__ = [
    "DetectionMetrics",
    "detection_metrics",
    "detection_rate",
    "frechet_distance",
    "gaussian_statistics",
    "sliced_wasserstein_distances",
]
