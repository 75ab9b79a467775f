"""Figures of merit, as pure functions of arrays.

detection   how well a classifier's logits tell generated images from natural ones
frechet     the frechet distance between two sets of features
"""

from metrics.detection import DetectionMetrics, detection_metrics, detection_rate
from metrics.frechet import frechet_distance, gaussian_statistics

__all__ = [
    "DetectionMetrics",
    "detection_metrics",
    "detection_rate",
    "frechet_distance",
    "gaussian_statistics",
]
