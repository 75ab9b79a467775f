"""Pools of generators whose images are made as they are read: an order of blocks in windows."""

import itertools
from collections import Counter

import numpy as np
import pytest

from gan_knowledge_gaps.classifiers import BalancedPool, block_shuffle
from gan_knowledge_gaps.data import ArrayImages, EpochOrder
from gan_knowledge_gaps.training.randomness import derive_seed

BLOCK = 4


class Streamed(ArrayImages):
    """Images that tell their number by their two pixels, and count the reads of each block."""

    block = BLOCK

    def __init__(self, source: int, count: int):
        super().__init__(images(source, count))
        self.reads = Counter()

    def read(self, indices: np.ndarray) -> np.ndarray:
        self.reads.update(set((np.asarray(indices) // BLOCK).tolist()))
        return super().read(indices)


def images(source: int, count: int) -> np.ndarray:
    """[count, 1, 1, 2]: source, number."""
    numbers = np.stack([np.full(count, source), np.arange(count)], axis=1)
    return numbers.astype(np.uint8).reshape(count, 1, 1, 2)


def make(counts: list[int], batch_size: int = 6, seed: int = 1) -> BalancedPool:
    streamed = [Streamed(source, count) for source, count in enumerate(counts)]
    return BalancedPool(ArrayImages(images(99, 50)), streamed, batch_size, seed)


@pytest.fixture(autouse=True)
def small_windows(monkeypatch):
    monkeypatch.setattr(block_shuffle, "BLOCKS", 5)


def generated(pool: BalancedPool, steps: range) -> list[tuple[int, int]]:
    """The generated images of some batches: (source, number)."""
    seen = []
    for step in steps:
        batch, labels = pool.batch(step)
        seen += [tuple(pixel) for pixel in batch[labels == 1].reshape(-1, 2).tolist()]
    return seen


COUNTS = [22, 22, 22, 21]  # 24 blocks in 5 windows; the last block of each source is short
TOTAL = sum(COUNTS)


def test_every_epoch_has_every_image_once():
    pool = make(COUNTS)
    seen = generated(pool, range(2 * TOTAL // 3))
    everything = {(source, number) for source, n in enumerate(COUNTS) for number in range(n)}
    first, second = seen[:TOTAL], seen[TOTAL : 2 * TOTAL]
    assert len(first) == TOTAL and set(first) == set(second) == everything
    assert first != second
    # Each block is read once in an epoch: a window is held while it lasts.
    for images in pool.generated:
        assert set(images.reads.values()) == {2}


def test_resumed_at_any_step_it_goes_on_as_it_would_have():
    unbroken = generated(make(COUNTS), range(80))
    for step in (0, 1, 7, 28, 29, 30, 57, 79):
        resumed = generated(make(COUNTS), range(step, 80))
        assert resumed == unbroken[3 * step :]
    assert generated(make(COUNTS, seed=2), range(80)) != unbroken


def test_windows_mix_generators_and_shuffle_blocks(monkeypatch):
    monkeypatch.setattr(block_shuffle, "BLOCKS", 64)
    pool = make([200] * 4, batch_size=64)
    batches = [generated(pool, range(step, step + 1)) for step in range(20)]
    assert all(len({source for source, _ in batch}) > 1 for batch in batches)
    neighbours = sum(
        a == c and b // BLOCK == d // BLOCK
        for batch in batches
        for (a, b), (c, d) in itertools.pairwise(batch)
    )
    # By chance 3 of a window's 255 other images: 7 of 620 pairs; in blocks it would be 3 of 4.
    assert neighbours < 31


def test_a_number_of_blocks_that_fills_its_windows(monkeypatch):
    for blocks in (5, 10, 11):
        pool = make([BLOCK * blocks], batch_size=8)
        seen = generated(pool, range(blocks))
        assert sorted(number for _, number in seen) == list(range(BLOCK * blocks))


def test_images_in_memory_keep_their_order():
    """The order of the published results."""
    arrays = [ArrayImages(images(source, 22)) for source in range(3)]
    pool = BalancedPool(ArrayImages(images(99, 22)), arrays, 6, seed=1)
    order = EpochOrder(66, derive_seed(1, "generated")).indices(0, 66)
    assert generated(pool, range(22)) == [divmod(index, 22) for index in order.tolist()]
