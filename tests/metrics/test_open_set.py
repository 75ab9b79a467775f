"""Scores of known and unknown classes, against closed forms and by counting."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, softmax

from gan_knowledge_gaps.metrics.calibration import fit_class_temperature, fit_temperature
from gan_knowledge_gaps.metrics.intervals import mean_share_interval, wilson
from gan_knowledge_gaps.metrics.open_set import (
    class_weights,
    energy,
    max_logit,
    max_softmax,
    rejection_threshold,
)


def test_scores_are_their_formulas():
    logits = np.log(np.array([[1.0, 2.0, 5.0], [4.0, 4.0, 8.0]], np.float32))
    np.testing.assert_allclose(max_softmax(logits), [5 / 8, 8 / 16], rtol=1e-6)
    np.testing.assert_allclose(max_logit(logits), np.log([5, 8]), rtol=1e-6)
    np.testing.assert_allclose(energy(logits), np.log([8, 16]), rtol=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.3])
def test_a_threshold_refuses_as_many_as_it_may_and_no_more(rate):
    scores = np.round(np.random.default_rng(0).normal(0, 1, 100), 1)  # with ties
    found = rejection_threshold(scores, rate)
    assert np.mean(scores < found) <= rate < np.mean(scores < scores[scores > found].min())


def test_weights_give_each_class_the_same_share():
    labels = np.repeat([0, 1, 2], [3, 50, 7])
    np.testing.assert_allclose(np.bincount(labels, class_weights(labels)), 1 / 3)


def test_the_temperature_of_several_classes_is_scipys_optimum():
    """Of a network that is three times too sure."""
    random = np.random.default_rng(0)
    true = random.normal(0, 2, (4000, 4))
    labels = (softmax(true, axis=1).cumsum(axis=1) > random.uniform(size=(4000, 1))).argmax(1)
    found = fit_class_temperature(3 * true, labels)
    counts = [np.sum(labels == label) for label in range(4)]
    targets = np.array(
        [[(counts[y] * (y == k) + 1) / (counts[y] + 4) for k in range(4)] for y in labels]
    )

    def loss(x: np.ndarray) -> float:
        return -np.mean(np.sum(targets * np.log(softmax(3 * true / x[0], axis=1)), axis=1))

    best = minimize(loss, [1.0], method="Nelder-Mead")
    assert found == pytest.approx(best.x[0], rel=1e-3) and found == pytest.approx(3, rel=0.1)


def test_a_temperature_of_two_classes_is_that_of_a_detector():
    random = np.random.default_rng(1)
    logits = random.normal(0, 3, (300, 2))
    difference = logits[:, 1] - logits[:, 0]
    labels = (random.uniform(size=300) < expit(difference / 2)).astype(int)
    weights = class_weights(labels)
    # Platt's targets, spelt out.
    count = np.bincount(labels)[labels]
    targets = np.where(labels == 1, (count + 1) / (count + 2), 1 / (count + 2))

    def loss(temperature: float) -> float:
        z = difference / temperature
        losses = targets * np.logaddexp(0, -z) + (1 - targets) * np.logaddexp(0, z)
        return np.sum(weights * losses)

    grid = np.geomspace(0.2, 20, 4001)
    expected = grid[np.argmin([loss(each) for each in grid])]
    assert fit_class_temperature(logits, labels, weights) == pytest.approx(expected, rel=2e-3)
    assert fit_temperature(difference, labels, weights) == pytest.approx(expected, rel=2e-3)
    with pytest.raises(ValueError, match="each class"):
        fit_class_temperature(logits, np.zeros(300, int))


def test_the_interval_of_a_mean_of_shares_holds_the_truth():
    random = np.random.default_rng(0)
    truths, counts = np.array([0.95, 0.7, 0.5]), np.array([30, 60, 200])
    held = []
    for _ in range(2000):
        low, high = mean_share_interval(random.binomial(counts, truths) / counts, counts)
        held.append(low <= truths.mean() <= high)
    assert 0.93 < np.mean(held) < 0.975
    assert mean_share_interval([0.3], [40]) == pytest.approx(wilson(0.3, 40))
