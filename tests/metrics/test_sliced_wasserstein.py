"""The sliced Wasserstein distance against SciPy, closed forms and what it is for."""

import numpy as np
import pytest
from scipy import special, stats

from gan_knowledge_gaps.metrics import sliced_wasserstein_distances
from gan_knowledge_gaps.metrics.sliced_wasserstein import (
    enlarged,
    laplacian_pyramid,
    sliced_wasserstein,
)


@pytest.fixture
def random():
    return np.random.default_rng(0)


def images(random, count: int = 64, size: int = 32) -> np.ndarray:
    """Smooth random images, uint8."""
    coarse = (
        random.normal(size=(count, 8, 8, 3)).repeat(size // 8, axis=1).repeat(size // 8, axis=2)
    )
    noise = random.normal(scale=0.3, size=coarse.shape)
    return np.clip((coarse + noise) * 40 + 128, 0, 255).astype(np.uint8)


def test_in_one_dimension_it_is_scipys(random):
    first, second = random.normal(size=(500, 1)), random.gamma(2.0, size=(500, 1))
    expected = stats.wasserstein_distance(first[:, 0], second[:, 0])
    assert sliced_wasserstein(first, second, random, 8) == pytest.approx(expected, rel=1e-5)


def test_a_shift_costs_its_mean_projection(random):
    dimensions, shift = 5, np.array([3.0, 0.0, -4.0, 0.0, 0.0])
    first = random.normal(size=(2000, dimensions))
    # The mean of |x_1| on the unit sphere, times the length of the shift.
    mean = special.gamma(dimensions / 2) / (np.sqrt(np.pi) * special.gamma((dimensions + 1) / 2))
    distance = sliced_wasserstein(first, first + shift, random, 20_000)
    assert distance == pytest.approx(5 * mean, rel=0.02)


def test_the_pyramid_adds_up_to_the_images(random):
    shown = images(random, count=3, size=64)
    levels = list(laplacian_pyramid(shown))
    assert [level.shape[1] for level in levels] == [64, 32, 16]
    rebuilt = levels[-1]
    for level in levels[-2::-1]:
        rebuilt = enlarged(rebuilt) + level
    np.testing.assert_allclose(rebuilt, shown, atol=1e-3)


def test_constant_images_have_no_detail():
    constant = np.full((2, 32, 32, 3), 77, np.uint8)
    detail, coarse = laplacian_pyramid(constant)
    np.testing.assert_allclose(detail, 0, atol=1e-4)
    np.testing.assert_allclose(coarse, 77, atol=1e-4)


def test_it_tells_at_which_scale_images_differ(random):
    first, second = images(random), images(random)
    same = sliced_wasserstein_distances(first, second)
    assert list(same) == [32, 16]
    striped = first.astype(int)
    striped[:, ::2] += 60
    fine = sliced_wasserstein_distances(np.clip(striped, 0, 255).astype(np.uint8), second)
    assert fine[32] > 2 * same[32] and fine[16] < 1.5 * same[16]
    upside_down = sliced_wasserstein_distances(np.sort(first, axis=1), second)
    assert upside_down[16] > 3 * same[16]


def test_images_against_themselves_are_near_and_the_seed_decides(random):
    shown = images(random)
    one, again, other = (sliced_wasserstein_distances(shown, images(random), s) for s in (0, 0, 1))
    assert set(one) == set(again) and one[16] != other[16]
    assert sliced_wasserstein_distances(shown, shown)[32] < 0.1


@pytest.mark.parametrize("shape", [(4, 32, 32, 3), (5, 32, 16, 3), (5, 24, 24, 3), (5, 8, 8, 3)])
def test_images_that_cannot_be_compared_are_refused(shape):
    with pytest.raises(ValueError, match=r"cannot be compared|must be square"):
        sliced_wasserstein_distances(np.zeros((5, *shape[1:]), np.uint8), np.zeros(shape, np.uint8))
