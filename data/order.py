"""The order of the examples: a pure function of (seed, stream, epoch), so that runs resume."""

import functools
import operator

import numpy as np


def permutation(size: int, *key: int) -> np.ndarray:
    """Shuffles 0 ... size - 1, the same way on every machine and with every NumPy.

    It sorts `size` raw 64-bit words of a Philox stream. NumPy keeps the raw streams of its bit
    generators and SeedSequence fixed across versions, but not the methods of Generator
    (NEP 19), so `Generator.permutation` would not do.

    Args:
        size: Number of elements, 0 or more.
        *key: Integers from 0 to 2**64 - 1. Different keys, also of different lengths, give
            independent permutations.

    Returns:
        int64 [size].

    Raises:
        ValueError: `size` is negative or a part of the key is out of range.
    """
    if size < 0:
        raise ValueError(f"size must be 0 or more, not {size}")
    bits = np.random.Philox(np.random.SeedSequence(_words(key)))
    return np.argsort(bits.random_raw(size), kind="stable").astype(np.int64)


def _words(key: tuple[int, ...]) -> list[int]:
    """Spells a key as 32-bit words: their number of parts, then two words for each part.

    SeedSequence alone pads with zeros and joins words, so that it takes (5,) for (5, 0) and
    (2**32 + 5,) for (5, 1).
    """
    words = [len(key)]
    for part in map(operator.index, key):
        if not 0 <= part < 2**64:
            raise ValueError(f"a key is made of integers from 0 to 2**64 - 1, not {part}")
        words += [part & 0xFFFFFFFF, part >> 32]
    return words


class EpochOrder:
    """An endless stream of example indices, epoch after epoch, each in an order of its own.

    Position p is in epoch p // size, and holds permutation(size, seed, stream, epoch)[p % size].
    Nothing is drawn or remembered, so training resumes at any position.

    Args:
        size: Number of examples, 1 or more.
        seed: Seed of the run, 0 or more.
        stream: Tells apart several orders of one run, 0 or more.

    Raises:
        ValueError: `size`, `seed` or `stream` is out of range.

    Example:
        >>> from gan_knowledge_gaps.data import EpochOrder
        >>> order = EpochOrder(size=3, seed=0)
        >>> first_epoch, second_epoch = order.indices(0, 3), order.indices(3, 3)
        >>> sorted(first_epoch.tolist()), sorted(second_epoch.tolist())
        ([0, 1, 2], [0, 1, 2])
    """

    def __init__(self, size: int, seed: int, stream: int = 0):
        if size < 1:
            raise ValueError(f"an order needs at least one example, not {size}")
        _words((seed, stream))  # a bad seed is an error here, not at the first batch
        self.size = int(size)
        # Two epochs, because a batch may reach across a border.
        self._epoch_permutation = functools.lru_cache(maxsize=2)(
            functools.partial(permutation, self.size, seed, stream)
        )

    def indices(self, start: int, count: int) -> np.ndarray:
        """Returns the indices at positions start ... start + count - 1, across epoch borders.

        Args:
            start: First position, 0 or more.
            count: Number of positions, 0 or more; may exceed `size`.

        Returns:
            int64 [count], each from 0 to size - 1.

        Raises:
            ValueError: `start` or `count` is negative.
        """
        if start < 0 or count < 0:
            raise ValueError(f"start and count must be 0 or more, not {start} and {count}")
        indices = np.empty(count, np.int64)
        filled = 0
        while filled < count:
            epoch, offset = divmod(start + filled, self.size)
            part = self._epoch_permutation(epoch)[offset : offset + count - filled]
            indices[filled : filled + len(part)] = part
            filled += len(part)
        return indices
