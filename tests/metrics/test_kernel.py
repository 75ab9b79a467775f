"""The kernel distance against its definition and against closed forms of its expectation."""

import numpy as np
import pytest
from scipy import special

from gan_knowledge_gaps.metrics import kernel_distance, kernel_distances


def by_definition(first, second) -> float:
    """Gretton et al. 2012, lemma 6, one pair at a time."""

    def kernel(x, y):
        return (sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 3

    def mean(pairs):
        values = [kernel(x, y) for x, y in pairs]
        return sum(values) / len(values)

    def different(features):
        return [(x, y) for i, x in enumerate(features) for j, y in enumerate(features) if i != j]

    between = [(x, y) for x in first for y in second]
    return mean(different(first)) + mean(different(second)) - 2 * mean(between)


def expectation(mean_a, deviation_a, mean_b, deviation_b) -> float:
    """Of the squared distance between one-dimensional normal distributions.

    (x y + 1)^3 is the scalar product of (1, x, x^2, x^3) with the weights 1, 3, 3, 1.
    """

    def moments(mean, deviation):
        return np.array(
            [1, mean, mean**2 + deviation**2, mean**3 + 3 * mean * deviation**2]
        )  # fmt: skip

    apart = moments(mean_a, deviation_a) - moments(mean_b, deviation_b)
    return float(special.comb(3, range(4)) @ apart**2)


@pytest.mark.parametrize(("n", "m", "dimensions"), [(2, 2, 1), (7, 4, 3), (5, 9, 8)])
def test_it_is_its_definition(n, m, dimensions):
    random = np.random.default_rng(n)
    first, second = random.normal(size=(n, dimensions)), random.normal(1, 2, size=(m, dimensions))
    expected = by_definition(first.tolist(), second.tolist())
    assert kernel_distance(first, second) == pytest.approx(expected, rel=1e-10)
    # 32-bit features are computed with in 64 bits.
    first, second = first.astype(np.float32), second.astype(np.float32)
    expected = by_definition(first.astype(float).tolist(), second.astype(float).tolist())
    assert kernel_distance(first, second) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("b", [(0.0, 1.0), (0.6, 1.0), (0.0, 0.5), (-1.0, 1.4)])
def test_its_mean_over_draws_is_the_distance_of_the_distributions(b):
    # As few features as it takes: a biased estimate would be far off.
    random, draws = np.random.default_rng(1), 20_000
    x, y = random.normal(size=(draws, 3, 1)), random.normal(*b, size=(draws, 4, 1))
    estimates = np.array([kernel_distance(*pair) for pair in zip(x, y, strict=True)])
    error = estimates.std() / np.sqrt(draws)
    assert abs(estimates.mean() - expectation(0.0, 1.0, *b)) < 4 * error


def test_between_equal_distributions_it_is_zero_on_average_in_many_dimensions():
    random = np.random.default_rng(2)
    estimates = np.array(
        [kernel_distance(*random.normal(size=(2, 20, 50))) for _ in range(2000)]
    )  # fmt: skip
    assert abs(estimates.mean()) < 4 * estimates.std() / np.sqrt(len(estimates))
    assert 0.3 < np.mean(estimates < 0) < 0.7


def test_subsets_are_drawn_without_replacement_and_by_the_seed():
    random = np.random.default_rng(3)
    first, second = random.normal(size=(30, 5)), random.normal(1, 1, size=(40, 5))
    done = []
    distances = kernel_distances(first, second, 50, 20, seed=4, done=done.append)
    assert len(distances) == sum(done) == 50 and distances.std() > 0
    # Each estimates the same quantity as the whole.
    whole = kernel_distance(first, second)
    assert abs(distances.mean() - whole) < 4 * distances.std() / np.sqrt(50)
    again, other = (kernel_distances(first, second, 50, 20, seed) for seed in (4, 5))
    np.testing.assert_array_equal(distances, again)
    assert (distances != other).all()
    # Subsets of everything are all the same one: with replacement they would differ.
    whole_subsets = kernel_distances(first, second[:30], subsets=3, subset_size=1000)
    np.testing.assert_allclose(whole_subsets, kernel_distance(first, second[:30]), rtol=1e-10)


@pytest.mark.parametrize("counts", [(1, 5), (5, 1), (0, 5)])
def test_it_needs_two_features_of_each_set(counts):
    with pytest.raises(ValueError, match="at least two"):
        kernel_distance(*(np.zeros((count, 3)) for count in counts))
