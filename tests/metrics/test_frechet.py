"""The Fréchet distance against closed forms and SciPy's matrix root."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from gan_knowledge_gaps.metrics import frechet_distance, gaussian_statistics

seeds = st.integers(0, 2**32 - 1)


def random_gaussian(random: np.random.Generator, dimensions: int, rank: int | None = None):
    """A mean and a covariance of that rank; by default a full and well-conditioned one."""
    factor = random.normal(size=(dimensions, rank or dimensions))
    covariance = factor @ factor.T + (0 if rank else 1) * np.eye(dimensions)
    return random.normal(size=dimensions), covariance


def reference(mean_a, a, mean_b, b) -> float:
    """Heusel et al.'s formula as it is written."""
    return ((mean_a - mean_b) ** 2).sum() + np.trace(a + b - 2 * linalg.sqrtm(a @ b).real)


@given(means=st.tuples(*[st.floats(-1e3, 1e3)] * 2), deviations=st.tuples(*[st.floats(0, 1e3)] * 2))
@settings(deadline=None, max_examples=100)
def test_in_one_dimension_it_is_that_of_means_and_deviations(means, deviations):
    # Dowson and Landau (1982): the squared Wasserstein-2 distance of normal distributions.
    expected = (means[0] - means[1]) ** 2 + (deviations[0] - deviations[1]) ** 2
    distance = frechet_distance(
        np.array(means[:1]), np.array([[deviations[0] ** 2]]),
        np.array(means[1:]), np.array([[deviations[1] ** 2]]),
    )  # fmt: skip
    assert distance == pytest.approx(expected, rel=1e-9, abs=1e-8)


@given(seeds)
@settings(deadline=None, max_examples=30)
def test_for_diagonal_covariances_dimensions_add_up(seed):
    random = np.random.default_rng(seed)
    mean_a, mean_b = random.normal(size=(2, 6))
    a, b = random.uniform(0, 5, size=(2, 6))
    expected = ((mean_a - mean_b) ** 2 + (np.sqrt(a) - np.sqrt(b)) ** 2).sum()
    assert frechet_distance(mean_a, np.diag(a), mean_b, np.diag(b)) == pytest.approx(expected)


@given(seeds, st.integers(2, 20))
@settings(deadline=None, max_examples=30)
def test_it_is_the_formula_with_the_matrix_root(seed, dimensions):
    random = np.random.default_rng(seed)
    a, b = random_gaussian(random, dimensions), random_gaussian(random, dimensions)
    assert frechet_distance(*a, *b) == pytest.approx(reference(*a, *b), rel=1e-9)


@given(seeds, st.integers(1, 7), st.integers(1, 7))
@settings(deadline=None, max_examples=30)
def test_covariances_of_lower_rank_need_no_regularisation(seed, rank_a, rank_b):
    # tr (A B)^(1/2) is the sum of singular values of F^T G where A = F F^T and B = G G^T.
    random = np.random.default_rng(seed)
    f, g = random.normal(size=(8, rank_a)), random.normal(size=(8, rank_b))
    mean = random.normal(size=8)
    nuclear = linalg.svdvals(f.T @ g).sum()
    expected = (f**2).sum() + (g**2).sum() - 2 * nuclear
    assert frechet_distance(mean, f @ f.T, mean, g @ g.T) == pytest.approx(expected, abs=1e-5)


@given(seeds, st.sampled_from([None, 1, 3]))
@settings(deadline=None, max_examples=30)
def test_it_is_symmetric_and_zero_for_equal_gaussians(seed, rank):
    random = np.random.default_rng(seed)
    a, b = random_gaussian(random, 5, rank), random_gaussian(random, 5, rank)
    assert frechet_distance(*a, *b) == pytest.approx(frechet_distance(*b, *a), abs=1e-5)
    assert 0 <= frechet_distance(*a, *a) < 1e-5


def test_it_is_never_below_zero():
    # Rounding alone gives a difference of either sign here.
    random = np.random.default_rng(0)
    for _ in range(50):
        mean, covariance = random_gaussian(random, 12, rank=3)
        assert frechet_distance(mean, covariance, mean, covariance * (1 + 1e-15)) >= 0


def test_its_arguments_stay_as_they_are():
    random = np.random.default_rng(0)
    arguments = (*random_gaussian(random, 4), *random_gaussian(random, 4))
    for array in arguments:
        array.flags.writeable = False  # as those of a mapped file
    before = [array.copy() for array in arguments]
    frechet_distance(*arguments)
    for array, copy in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_statistics_are_mean_and_unbiased_covariance_in_double():
    features = np.random.default_rng(0).normal(1000, 1, size=(50, 3)).astype(np.float32)
    mean, covariance = gaussian_statistics(features)
    exact = features.astype(np.float64)
    center = sum(exact) / 50
    np.testing.assert_allclose(mean, center, rtol=1e-12)
    expected = sum(np.outer(each - center, each - center) for each in exact) / 49
    np.testing.assert_allclose(covariance, expected, rtol=1e-9)
    assert mean.dtype == covariance.dtype == np.float64


def test_statistics_of_one_feature_per_image_keep_their_shapes():
    mean, covariance = gaussian_statistics(np.array([[1.0], [3.0]]))
    assert (mean.tolist(), covariance.tolist()) == ([2.0], [[2.0]])


@pytest.mark.parametrize("count", [0, 1])
def test_statistics_need_two_images(count):
    with pytest.raises(ValueError, match="at least two"):
        gaussian_statistics(np.zeros((count, 3)))
