"""Figures of merit, as pure functions of arrays.

detection           how well a classifier's logits tell generated images from natural ones
frechet             the Fréchet distance between two sets of features
gaussian            mean and covariance of features that arrive in batches
kernel              the kernel distance between two sets of features
manifolds           improved precision and recall
path_length         perceptual path length
sliced_wasserstein  the distance between patches of two sets of images, at every scale
"""

from metrics.detection import DetectionMetrics, detection_metrics, detection_rate
from metrics.frechet import frechet_distance, gaussian_statistics
from metrics.gaussian import RunningGaussian
from metrics.kernel import kernel_distance, kernel_distances
from metrics.manifolds import precision_recall
from metrics.path_length import lerp, path_lengths, slerp, trimmed_mean
from metrics.sliced_wasserstein import sliced_wasserstein_distances

__all__ = [
    "DetectionMetrics",
    "RunningGaussian",
    "detection_metrics",
    "detection_rate",
    "frechet_distance",
    "gaussian_statistics",
    "kernel_distance",
    "kernel_distances",
    "lerp",
    "path_lengths",
    "precision_recall",
    "slerp",
    "sliced_wasserstein_distances",
    "trimmed_mean",
]
