"""Statistics of batches against NumPy's of the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_knowledge_gaps.metrics import RunningGaussian, gaussian_statistics


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_any_batches_give_the_statistics_of_the_whole(sizes, seed):
    features = np.random.default_rng(seed).normal(1000.0, 1.0, size=(sum(sizes) + 2, 4))
    gaussian = RunningGaussian(4)
    for batch in np.split(features, np.cumsum(sizes)):
        gaussian.add(batch)
    mean, covariance = gaussian.statistics()
    np.testing.assert_allclose(mean, features.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(features, rowvar=False), rtol=1e-8, atol=1e-12)
    assert gaussian.count == len(features)


def test_large_means_cost_no_digits():
    # The sums of squares would need 20 digits; float64 has 16.
    features = np.random.default_rng(0).normal(0.0, 1.0, size=(500, 2))
    gaussian = RunningGaussian(2)
    for batch in np.split(features + 1e8, 5):
        gaussian.add(batch)
    expected = gaussian_statistics(features)[1]
    np.testing.assert_allclose(gaussian.statistics()[1], expected, atol=1e-6)


def test_single_precision_is_summed_in_double():
    features = np.random.default_rng(0).normal(1000.0, 1.0, size=(300, 3)).astype(np.float32)
    gaussian = RunningGaussian(3)
    gaussian.add(features)
    np.testing.assert_allclose(
        gaussian.statistics()[1], np.cov(features.astype(np.float64), rowvar=False), rtol=1e-9
    )


@pytest.mark.parametrize("count", [0, 1])
def test_statistics_need_two_features(count):
    gaussian = RunningGaussian(3)
    gaussian.add(np.zeros((count, 3)))
    with pytest.raises(ValueError, match="at least two"):
        gaussian.statistics()
