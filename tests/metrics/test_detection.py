"""Detection metrics against their definitions, worked by hand and by plain counting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_knowledge_gaps.metrics import detection_metrics, detection_rate
from gan_knowledge_gaps.metrics.detection import detection_rate_at

# Few different values, so that ties between generated and natural images are common.
some_logits = st.lists(st.integers(-3, 3), min_size=1, max_size=12)


def plain_auc(generated, natural) -> float:
    """The chance that a generated image has the larger logit, a tie counting half."""
    wins = sum((g > n) + (g == n) / 2 for g in generated for n in natural)
    return wins / (len(generated) * len(natural))


def plain_average_precision(generated, natural) -> float:
    """Precision at each threshold, weighted with the recall it adds."""
    total, recall_before = 0.0, 0.0
    for threshold in sorted({*generated, *natural}, reverse=True):
        true = sum(g >= threshold for g in generated)
        false = sum(n >= threshold for n in natural)
        recall = true / len(generated)
        total += true / (true + false) * (recall - recall_before)
        recall_before = recall
    return total


def test_a_case_worked_by_hand():
    generated, natural = np.float32([3, 1, -1, 0.5]), np.float32([2, -2, 0])
    metrics = detection_metrics(generated, natural)
    assert metrics.detection_rate == 3 / 4
    assert metrics.natural_accuracy == pytest.approx(2 / 3)
    # In descending order: G 3, N 2, G 1, G 0.5, N 0, G -1, N -2.
    assert metrics.average_precision == pytest.approx((1 / 1 + 2 / 3 + 3 / 4 + 4 / 6) / 4)
    assert metrics.roc_auc == pytest.approx((3 + 2 + 2 + 1) / 12)


@given(some_logits, some_logits)
@settings(deadline=None, max_examples=50)
def test_metrics_are_their_definitions_with_ties(generated, natural):
    metrics = detection_metrics(np.float32(generated), np.float32(natural))
    assert metrics.roc_auc == pytest.approx(plain_auc(generated, natural))
    assert metrics.average_precision == pytest.approx(plain_average_precision(generated, natural))
    assert metrics.detection_rate == sum(g > 0 for g in generated) / len(generated)
    assert metrics.natural_accuracy == pytest.approx(sum(n <= 0 for n in natural) / len(natural))


def test_a_logit_of_zero_is_called_natural():
    tiny = np.finfo(np.float32).tiny
    assert detection_rate(np.float32([0.0, -0.0])) == 0.0
    assert detection_rate(np.float32([tiny, -tiny])) == 0.5
    assert detection_metrics(np.float32([0]), np.float32([0])).natural_accuracy == 1.0


def test_a_perfect_and_a_perfectly_wrong_classifier():
    high, low = np.float32([1, 2]), np.float32([-1, -2, -3])
    right, wrong = detection_metrics(high, low), detection_metrics(low, high)
    assert (right.detection_rate, right.natural_accuracy) == (1.0, 1.0)
    assert (right.average_precision, right.roc_auc) == (1.0, 1.0)
    assert (wrong.detection_rate, wrong.natural_accuracy, wrong.roc_auc) == (0.0, 0.0, 0.0)
    assert wrong.average_precision == pytest.approx((1 / 3 + 2 / 4 + 3 / 5) / 3)
    assert (right.detection_rate_at_5_fpr, wrong.detection_rate_at_5_fpr) == (1.0, 0.0)


def test_metrics_are_plain_numbers():
    metrics = detection_metrics(np.float32([1]), np.float32([2]))
    assert {type(value) for value in vars(metrics).values()} == {float}


@given(some_logits, some_logits, st.floats(0, 0.99))
@settings(deadline=None, max_examples=100)
def test_the_rate_at_a_false_positive_rate_is_the_best_of_all_thresholds(generated, natural, fpr):
    """By trying every threshold, between and beyond all logits."""
    rates = [
        np.mean(np.array(generated) > threshold)
        for threshold in np.arange(-4, 4) + 0.5
        if np.mean(np.array(natural) > threshold) <= fpr
    ]
    expected = max(rates)
    assert detection_rate_at(fpr, np.array(generated), np.array(natural)) == expected
