"""Balanced batches: n x N generated images, and the natural ones n times (supplement 1.3)."""

from collections import Counter

import numpy as np
import pytest

from gan_knowledge_gaps.classifiers import BalancedPool
from gan_knowledge_gaps.data import ArrayImages

N = 12


def numbered(start: int) -> ArrayImages:
    """N images that tell their number by their only pixel."""
    return ArrayImages(np.arange(start, start + N, dtype=np.uint8).reshape(N, 1, 1, 1))


@pytest.fixture
def pool() -> BalancedPool:
    return BalancedPool(numbered(0), [numbered(50), numbered(100), numbered(150)], 8, seed=1)


def read(pool: BalancedPool, steps: range) -> tuple[Counter, Counter]:
    """How often each natural and each generated image comes."""
    natural, generated = Counter(), Counter()
    for step in steps:
        images, labels = pool.batch(step)
        natural.update(images.ravel()[labels == 0].tolist())
        generated.update(images.ravel()[labels == 1].tolist())
    return natural, generated


def test_an_epoch_has_each_generated_image_once_and_each_natural_one_n_times(pool):
    natural, generated = read(pool, range(3 * N // 4))
    assert natural == dict.fromkeys(range(N), 3)
    assert generated == dict.fromkeys([s + i for s in (50, 100, 150) for i in range(N)], 1)


def test_every_half_of_a_batch_is_balanced(pool):
    images, labels = pool.batch(2)
    assert labels[:4].sum() == labels[4:].sum() == 2
    np.testing.assert_array_equal(images.ravel() >= 50, labels == 1)


def test_a_batch_is_a_function_of_its_step(pool):
    again = BalancedPool(numbered(0), [numbered(50), numbered(100), numbered(150)], 8, seed=1)
    for step in (7, 0, 31):
        for a, b in zip(pool.batch(step), again.batch(step), strict=True):
            np.testing.assert_array_equal(a, b)


def test_another_seed_is_another_order(pool):
    other = BalancedPool(numbered(0), [numbered(50), numbered(100), numbered(150)], 8, seed=2)
    batches = [
        np.concatenate([p.batch(step)[0].ravel() for step in range(9)]) for p in (pool, other)
    ]
    assert (batches[0] != batches[1]).any()


def test_sources_of_other_sizes_are_balanced_by_the_batches():
    few = ArrayImages(np.array([200, 201], np.uint8).reshape(2, 1, 1, 1))
    pool = BalancedPool(few, [numbered(50), ArrayImages(few.read([0])), numbered(100)], 4, seed=1)
    natural, generated = read(pool, range(25))  # twice the 25 generated images
    assert natural == {200: 25, 201: 25}
    once = dict.fromkeys([s + i for s in (50, 100) for i in range(N)], 2)
    assert generated == once | {200: 2}


@pytest.mark.parametrize(
    ("generated", "batch_size", "message"),
    [
        ([], 8, "generators with images"),
        ([ArrayImages(np.zeros((0, 1, 1, 1), np.uint8))], 8, "generators with images"),
        ([ArrayImages(np.zeros((N, 2, 1, 1), np.uint8))], 8, "one shape"),
        ([numbered(50)], 7, "even number"),
    ],
)
def test_an_impossible_pool_is_refused(generated, batch_size, message):
    with pytest.raises(ValueError, match=message):
        BalancedPool(numbered(0), generated, batch_size, seed=1)
