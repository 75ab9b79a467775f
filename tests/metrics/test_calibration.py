"""Calibration against scikit-learn, closed forms and known temperatures."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import calibration_curve

from gan_knowledge_gaps.metrics.calibration import fit_temperature, reliability


def sample(count: int = 4000, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a classifier whose true logits are those divided by a temperature."""
    random = np.random.default_rng(0)
    true = random.normal(0, 2, count)
    return true * temperature, (random.uniform(size=count) < expit(true)).astype(int)


def test_the_curve_is_scikit_learns():
    logits, labels = sample()
    curve = reliability(logits, labels, bins=10)
    frequency, probability = calibration_curve(labels, expit(logits), n_bins=10)
    np.testing.assert_allclose(curve.frequency, frequency)
    np.testing.assert_allclose(curve.probability, probability)
    np.testing.assert_array_equal(curve.counts, np.histogram(expit(logits), curve.edges)[0])


def test_the_error_is_its_definition():
    # Bins (0, 1/2], (1/2, 1]: 0.25 against 1 of 2, 0.75 against 2 of 2, then two empty bins.
    logits = np.log([1 / 3, 1 / 3, 3.0, 3.0])
    labels = np.array([0, 1, 1, 1])
    assert np.isclose(reliability(logits, labels, 2).expected_calibration_error, 0.25)
    empty = reliability(logits, labels, 8)
    assert np.isnan(empty.frequency[0]) and np.isclose(empty.expected_calibration_error, 0.25)


def test_certainties_fall_into_the_outer_bins():
    curve = reliability(np.array([-1e9, 1e9]), np.array([0, 1]))
    assert curve.counts[0] == curve.counts[-1] == 1
    assert curve.expected_calibration_error == 0


@pytest.mark.parametrize("temperature", [0.2, 1.0, 3.0])
def test_a_known_temperature_is_found(temperature):
    logits, labels = sample(temperature=temperature)
    found = fit_temperature(logits, labels)
    assert abs(found / temperature - 1) < 0.05
    # At the minimum of the cross-entropy its derivative by 1 / T, sum (p - y) logit, is 0.
    generated = labels.sum()
    targets = np.where(
        labels == 1, (generated + 1) / (generated + 2), 1 / (len(labels) - generated + 2)
    )
    slope = np.mean((expit(logits / found) - targets) * logits)
    assert abs(slope) < 1e-4 * np.mean(np.abs(logits))


def test_temperature_lowers_the_error_of_an_overconfident_classifier():
    logits, labels = sample(temperature=4.0)
    scaled = logits / fit_temperature(logits, labels)
    before, after = (reliability(each, labels) for each in (logits, scaled))
    assert after.expected_calibration_error < 0.3 * before.expected_calibration_error
    np.testing.assert_array_equal(scaled > 0, logits > 0)


@pytest.mark.parametrize("count", [1, 10])
def test_a_handful_without_a_mistake_makes_no_certainties(count):
    logits, labels = np.repeat([-3.0, 3.0], count), np.repeat([0, 1], count)
    # Each kind's probability is the rule of succession's, (n + 1) / (n + 2) = sigmoid(3 / T).
    assert np.isclose(fit_temperature(logits, labels), 3 / np.log(count + 1), rtol=1e-4)


def test_extremes_stay_within_bounds():
    labels = np.array([0, 1])
    assert np.isclose(fit_temperature(np.array([1.0, -1.0]), labels), 100)
    for kind in (0, 1):
        with pytest.raises(ValueError, match="each class"):
            fit_temperature(np.zeros(3), np.full(3, kind))
    with pytest.raises(ValueError, match="at least one"):
        reliability(np.zeros(0), np.zeros(0))
