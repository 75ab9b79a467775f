"""Figures at a share of generated images: how many of each kind were collected plays no part."""

import numpy as np
import pytest
from scipy.special import expit

from gan_knowledge_gaps.metrics import detection_metrics
from gan_knowledge_gaps.metrics.calibration import fit_temperature, reliability
from gan_knowledge_gaps.metrics.prior import prior_shift, prior_weights


def calibrated_logits(count: int, generators: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Generated and natural logits; the log of their densities' ratio is the logit itself."""
    random = np.random.default_rng(0)
    return random.normal(2, 2, generators * count), random.normal(-2, 2, count)


def test_weights_are_the_prior():
    weights = prior_weights(np.array([1, 0, 1, 1]), 0.2)
    np.testing.assert_allclose(weights, [0.2 / 3, 0.8, 0.2 / 3, 0.2 / 3])
    for labels, prior in (([1, 1], 0.5), ([0], 0.5), ([0, 1], 0.0), ([0, 1], 1.0)):
        with pytest.raises(ValueError, match="generated"):
            prior_weights(np.array(labels), prior)


@pytest.mark.parametrize("prior", [0.5, 0.01])
@pytest.mark.parametrize("generators", [1, 10])
def test_a_perfect_detector_is_calibrated_at_every_prior(generators, prior):
    generated, natural = calibrated_logits(20_000, generators)
    logits = np.concatenate([generated, natural])
    labels = np.repeat([1, 0], [len(generated), len(natural)])
    curve = reliability(logits + prior_shift(prior), labels, weights=prior_weights(labels, prior))
    assert curve.expected_calibration_error < 0.006
    assert curve.weights.sum() == pytest.approx(1) and curve.counts.sum() == len(labels)
    assert abs(fit_temperature(logits, labels, prior_weights(labels)) - 1) < 0.03


def test_the_shift_is_bayes_rule():
    # Odds of 3 at half and half, 1 generated image in 100.
    assert expit(np.log(3) + prior_shift(0.01)) == pytest.approx(3 / (3 + 99))
    assert prior_shift(0.5) == 0


def test_copies_of_one_kind_change_no_metric_at_a_prior():
    generated, natural = calibrated_logits(200)
    once = detection_metrics(generated, natural, 0.3)
    copied = detection_metrics(np.repeat(generated, 7), natural, 0.3)
    assert vars(copied) == pytest.approx(vars(once))
    assert detection_metrics(generated, natural).average_precision == pytest.approx(
        detection_metrics(generated, natural, 0.5).average_precision
    )
