"""Intervals against closed forms, and by how often they hold what they are to hold."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import binom, binomtest
from sklearn.metrics import average_precision_score, roc_auc_score

from gan_knowledge_gaps.metrics import intervals
from gan_knowledge_gaps.metrics.detection import (
    average_precision_influence,
    roc_auc_influence,
    threshold_at,
)

COUNT, TIMES = 50, 1500


def binormal(area: float, count: int = COUNT) -> tuple[np.ndarray, np.ndarray]:
    """Logits [TIMES, count] of generated and natural images of unit variance, of a known AUC."""
    random = np.random.default_rng(0)
    distance = np.sqrt(2) * ndtri(area)
    return random.normal(distance, 1, (TIMES, count)), random.normal(0, 1, (TIMES, count))


def coverage(found: list[intervals.Interval], truth: float) -> float:
    low, high = np.transpose(found)
    return np.mean((low <= truth) & (truth <= high))


def true_precision(area: float, prior: float) -> float:
    """Average precision of endlessly many images: the mean precision over generated ones."""
    distance = np.sqrt(2) * ndtri(area)
    logits = ndtri((np.arange(100_000) + 0.5) / 100_000) + distance
    true, false = ndtr(distance - logits), ndtr(-logits)
    return np.mean(prior * true / (prior * true + (1 - prior) * false))


def test_wilsons_is_scipys():
    for successes, count in ((0, 7), (3, 7), (30, 30), (199, 200)):
        expected = binomtest(successes, count).proportion_ci(method="wilson")
        np.testing.assert_allclose(intervals.wilson(successes / count, count), expected)


@pytest.mark.parametrize("rate", [0.5, 0.8, 0.9, 0.95])
def test_rates_are_covered(rate):
    """Exactly: by the probability of each number of detections."""
    found = [
        intervals.rate_interval(np.where(np.arange(COUNT) < hits, 1.0, -1.0), np.zeros(1))
        for hits in range(COUNT + 1)
    ]
    low, high = np.transpose(found)
    covered = binom.pmf(np.arange(COUNT + 1), COUNT, rate)[(low <= rate) & (rate <= high)].sum()
    assert 0.93 < covered < 0.98


@pytest.mark.parametrize("area", [0.6, 0.8, 0.95, 0.99])
def test_areas_precisions_and_accuracies_are_covered(area):
    generated, natural = binormal(area)
    pairs = list(zip(generated, natural, strict=True))
    middle = np.sqrt(2) * ndtri(area) / 2
    truths = {
        intervals.roc_auc_interval: area,
        intervals.average_precision_interval: true_precision(area, 0.5),
    }
    for interval, truth in truths.items():
        assert 0.92 < coverage([interval(*pair) for pair in pairs], truth) < 0.99
    found = [intervals.accuracy_interval(g - middle, n - middle) for g, n in pairs]
    assert 0.92 < coverage(found, ndtr(middle)) < 0.99


@pytest.mark.parametrize(("rate", "count"), [(0.01, 50), (0.05, 50), (0.05, 200), (0.01, 600)])
def test_rates_at_a_false_positive_rate_are_covered(rate, count):
    """Though the threshold is as uncertain as the rate; with too few natural images, from 0 on."""
    generated, natural = binormal(0.95, count)
    found = [
        intervals.rate_at_interval(rate, *pair) for pair in zip(generated, natural, strict=True)
    ]
    distance = np.sqrt(2) * ndtri(0.95)
    assert coverage(found, ndtr(distance + ndtri(rate))) > 0.94
    assert (min(low for low, _ in found) == 0) == (count == 50)
    assert max(high for _, high in found) <= 1
    if count > 50:
        assert np.mean(np.diff(found)) < 0.35  # It says something, too.


def test_the_false_positive_rate_of_a_threshold_is_covered():
    _, natural = binormal(0.9, 200)
    thresholds = [threshold_at(0.02, each) for each in natural]
    assert np.mean(natural > np.transpose([thresholds])) == 0.02
    low, high = intervals.false_positive_interval(4, 200)
    assert (
        np.mean((low < ndtr(-np.array(thresholds))) & (ndtr(-np.array(thresholds)) < high)) > 0.93
    )
    assert low < 0.02 < high < 0.06


def test_a_detector_without_a_mistake_on_thirty_is_not_certain():
    generated, natural = np.linspace(1, 2, 30), np.linspace(-2, -1, 30)
    for interval in (
        intervals.rate_interval,
        intervals.accuracy_interval,
        intervals.roc_auc_interval,
        intervals.average_precision_interval,
        lambda g, n: intervals.rate_at_interval(0.05, g, n),
    ):
        low, high = interval(generated, natural)
        assert high == 1 and low < 0.95
        # The opposite detector's, where every image is on the wrong side.
        low, high = interval(-generated, -natural)
        assert high < 0.95


def test_one_image_of_a_kind_is_told_nothing_of():
    for interval in (intervals.roc_auc_interval, intervals.average_precision_interval):
        low, high = interval(np.array([1.0]), np.array([0.0, 2.0, -1.0]))
        assert low < 0.25 and high > 0.9


@pytest.mark.parametrize("prior", [0.5, 0.1])
def test_influences_are_the_derivative_by_an_images_weight(prior):
    """Of scikit-learn's weighted metrics; ties included."""
    random = np.random.default_rng(1)
    generated = np.round(random.normal(1, 1, 23), 1)
    natural = np.round(random.normal(0, 1, 31), 1)
    labels = np.repeat([1, 0], [23, 31])
    logits = np.concatenate([generated, natural])

    def metrics(which: int, more: float) -> np.ndarray:
        weights = np.where(labels == 1, 1 / 23, 1 / 31)
        weights[which] += more
        for kind, share in ((1, prior), (0, 1 - prior)):
            weights[labels == kind] *= share / weights[labels == kind].sum()
        return np.array(
            [
                f(labels, logits, sample_weight=weights)
                for f in (roc_auc_score, average_precision_score)
            ]
        )

    area, precision = metrics(0, 0.0)
    slopes = [(metrics(i, 1e-5) - metrics(i, -1e-5)) / 2e-5 for i in range(54)]
    of_area, of_precision = np.transpose(slopes)
    found = np.concatenate([part - area for part in roc_auc_influence(generated, natural)])
    np.testing.assert_allclose(found, of_area, atol=1e-6)
    parts = average_precision_influence(generated, natural, prior)
    assert parts[0].mean() == pytest.approx(precision)
    found = np.concatenate([parts[0] - precision, parts[1]])
    np.testing.assert_allclose(found, of_precision, atol=1e-6)
