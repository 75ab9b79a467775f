"""Perceptual path length where it is known: linear and quadratic synthesis."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import geometric_slerp

from gan_knowledge_gaps.metrics import lerp, path_lengths, slerp, trimmed_mean


def squared(first, second):
    return np.square(first - second).sum(axis=-1)


@pytest.mark.parametrize("epsilon", [1e-4, 1e-2])
def test_of_a_linear_synthesis_it_is_the_squared_length_of_the_image_of_the_path(epsilon):
    random = np.random.default_rng(0)
    matrix = random.normal(size=(6, 9))
    start, end = random.normal(size=(2, 40, 6))
    expected = np.square((end - start) @ matrix).sum(axis=1)
    for position in (np.zeros(40), random.uniform(size=40)):
        lengths = path_lengths(lambda w: w @ matrix, squared, start, end, position, epsilon)
        np.testing.assert_allclose(lengths, expected, rtol=1e-6)


def test_its_expectation_over_gaussian_ends_is_twice_the_squared_norm():
    # The difference of two standard normal vectors has variance 2 along every axis.
    random = np.random.default_rng(1)
    matrix = random.normal(size=(4, 4))
    start, end = random.normal(size=(2, 20_000, 4))
    lengths = path_lengths(lambda w: w @ matrix, squared, start, end, np.zeros(20_000))
    error = lengths.std() / np.sqrt(len(lengths))
    assert abs(lengths.mean() - 2 * np.square(matrix).sum()) < 4 * error


def test_the_position_is_where_on_the_path_it_is_measured():
    # The image of w is w^2: its speed at t is 2 (a + (b - a) t) (b - a).
    start, end, t = np.array([[1.0], [1.0]]), np.array([[3.0], [3.0]]), np.array([0.0, 0.5])
    lengths = path_lengths(np.square, squared, start, end, t, 1e-6)
    np.testing.assert_allclose(lengths, [(2 * 1 * 2) ** 2, (2 * 2 * 2) ** 2], rtol=1e-4)
    # A long step, from 1 to 2 and from 2 to 3, shows its direction.
    lengths = path_lengths(np.square, squared, start, end, t, 0.5)
    np.testing.assert_allclose(lengths, [(4 - 1) ** 2 / 0.25, (9 - 4) ** 2 / 0.25])


def test_w_of_every_layer_moves_together():
    start, end = np.zeros((3, 2, 4)), np.ones((3, 2, 4))
    lengths = path_lengths(
        lambda w: w.reshape(3, 8), squared, start, end, np.array([0.0, 0.3, 0.9])
    )
    np.testing.assert_allclose(lengths, 8.0, rtol=1e-6)


def test_slerp_is_the_arc_between_the_normalized_ends():
    random = np.random.default_rng(3)
    start, end = random.normal(size=(2, 5, 512))
    position = np.linspace(0.0, 1.0, 5)[:, None]
    points = slerp(start, 7 * end, position)
    unit = [each / np.linalg.norm(each, axis=1)[:, None] for each in (start, end)]
    expected = [geometric_slerp(a, b, t[0]) for a, b, t in zip(*unit, position, strict=True)]
    np.testing.assert_allclose(points, expected, rtol=0, atol=1e-14)
    # In a plane: the angle is that of the start and t times the difference.
    angles, others = random.uniform(0, 3, (2, 5))
    ends = [np.stack([np.cos(each), np.sin(each)], axis=1) for each in (angles, others)]
    at = angles + (others - angles) * position[:, 0]
    np.testing.assert_allclose(
        slerp(*ends, position), np.stack([np.cos(at), np.sin(at)], axis=1), rtol=0, atol=1e-14
    )
    np.testing.assert_allclose(slerp(start, start, position), unit[0], rtol=0, atol=1e-8)


def test_of_the_sphere_itself_the_path_length_is_the_squared_angle():
    random = np.random.default_rng(4)
    start, end = random.normal(size=(2, 40, 6))
    cosines = (
        (start * end).sum(axis=1) / np.linalg.norm(start, axis=1) / np.linalg.norm(end, axis=1)
    )
    for position in (np.zeros(40), random.uniform(size=40)):
        lengths = path_lengths(lambda z: z, squared, start, end, position, 1e-4, slerp)
        np.testing.assert_allclose(lengths, np.arccos(cosines) ** 2, rtol=1e-6)
        straight = path_lengths(lambda z: z, squared, start, end, position, 1e-4, lerp)
        np.testing.assert_allclose(straight, np.square(end - start).sum(axis=1), rtol=1e-6)


def test_the_trimmed_mean_leaves_out_the_ends():
    random = np.random.default_rng(2)
    lengths = random.permutation(np.arange(1001.0))
    lengths[lengths == 1000] = 1e9
    assert trimmed_mean(lengths) == 500.0  # 10 ... 990
    assert trimmed_mean(lengths, 0, 100) == pytest.approx(lengths.mean())
    assert trimmed_mean(lengths, 25, 75) == stats.trim_mean(lengths, 250 / 1001)
    assert trimmed_mean(np.array([3.0])) == 3.0
