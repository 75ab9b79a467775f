"""Metrics at a given share of generated images, whatever share was collected.

A set with five generators holds five generated images for each natural one. Whatever counts images
of both kinds together - precision, calibration - would measure that instead of the classifier.
"""

import numpy as np

BALANCED = 0.5  # of the training's batches, and of the figures where nothing else is asked for


def prior_weights(labels: np.ndarray, prior: float = BALANCED) -> np.ndarray:
    """Weights under which a share `prior` of the images is generated, whatever was collected.

    Args:
        labels: [N], 1 = generated, 0 = natural; both kinds must be there.
        prior: share of generated images, above 0 and below 1.

    Returns:
        float64 [N] of sum 1; images of one kind weigh the same.

    Raises:
        ValueError: one of the kinds is missing, or the prior is no share of both.
    """
    if not 0 < prior < 1:
        raise ValueError(f"the share of generated images is {prior}; it must be between 0 and 1")
    is_generated = np.asarray(labels) > 0.5
    generated = np.count_nonzero(is_generated)
    natural = len(is_generated) - generated
    if not generated or not natural:
        raise ValueError("natural and generated images are needed")
    return np.where(is_generated, prior / generated, (1 - prior) / natural)


def prior_shift(prior: float) -> float:
    """What to add to a logit that is calibrated for a share of one half (Bayes' rule).

    Args:
        prior: share of generated images, above 0 and below 1.
    """
    return float(np.log(prior) - np.log1p(-prior))
