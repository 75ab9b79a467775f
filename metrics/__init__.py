"""Metrics, as pure functions of arrays.

calibration         whether probabilities are frequencies, and the temperature that makes them so
detection           how well a classifier's logits tell generated images from natural ones
frechet             the Fréchet distance between two sets of features
gaussian            mean and covariance of features that arrive in batches
intervals           confidence intervals of detection metrics
kernel              the kernel distance between two sets of features
manifolds           improved precision and recall, density and coverage
open_set            images of classes that a classifier does not know
path_length         perceptual path length
prior               weights at a share of generated images
sliced_wasserstein  the distance between patches of two sets of images, at every scale
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
