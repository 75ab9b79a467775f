"""A random order of images that are cheap to read by the block only."""

import functools
from collections.abc import Sequence

import numpy as np

from gan_knowledge_gaps.data import Images, permutation

BLOCKS = 64  # of a window


class BlockShuffle:
    """Shuffles the images of several sources by blocks; each image comes once in an epoch.

    A generator makes a block of neighbouring images at once, so that each single image in a random
    order would cost a whole block. Therefore the blocks of all sources are permuted, and the
    permutation is cut into windows of 64 blocks; the images of a window are shuffled, and stay in
    memory until the next window. A window depends on the seed, the epoch and its number alone, so
    that training resumes anywhere. Generated images are independent draws: it does not matter
    which of them come near each other.

    Args:
        sources: images of one shape.
        block: images of a block, from the start of each source.
        seed: seed of the order.
    """

    def __init__(self, sources: Sequence[Images], block: int, seed: int):
        self._sources, self._seed = tuple(sources), seed
        starts = [range(0, len(images), block) for images in self._sources]
        # Of each block: its source, its first image, the one behind its last.
        self._blocks = np.array(
            [
                (source, start, min(start + block, len(self._sources[source])))
                for source, each in enumerate(starts)
                for start in each
            ]
        )
        self._size = sum(map(len, self._sources))
        self._window: tuple[tuple[int, int], np.ndarray] | None = None
        # Two epochs, because a batch may reach across a border.
        self._epoch = functools.lru_cache(maxsize=2)(self._ordered_blocks)

    def read(self, start: int, count: int) -> np.ndarray:
        """Images at positions start ... start + count - 1 of the endless order.

        Returns:
            uint8 [count, H, W, C].
        """
        parts, position = [], start
        while position < start + count:
            epoch, offset = divmod(position, self._size)
            window, first = self._window_at(epoch, offset)
            images = self._images(epoch, window)[offset - first :][: start + count - position]
            parts.append(images)
            position += len(images)
        return np.concatenate(parts)

    def _ordered_blocks(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """The blocks of an epoch in their order, and where its windows begin, and the last ends."""
        blocks = self._blocks[permutation(len(self._blocks), self._seed, epoch)]
        ends = np.cumsum(blocks[:, 2] - blocks[:, 1])
        return blocks, np.concatenate([[0], ends[BLOCKS - 1 : -1 : BLOCKS], ends[-1:]])

    def _window_at(self, epoch: int, offset: int) -> tuple[int, int]:
        """The number of the window with a position of an epoch, and the window's first position."""
        _, borders = self._epoch(epoch)
        window = int(np.searchsorted(borders, offset, side="right")) - 1
        return window, int(borders[window])

    def _images(self, epoch: int, window: int) -> np.ndarray:
        """The images of a window in their order."""
        if self._window is None or self._window[0] != (epoch, window):
            self._window = None  # Before the next is made: two would take twice the memory.
            blocks, _ = self._epoch(epoch)
            blocks = blocks[window * BLOCKS : (window + 1) * BLOCKS]
            size = int(np.sum(blocks[:, 2] - blocks[:, 1]))
            places = permutation(size, self._seed, epoch, window)
            images = np.empty((size, *self._sources[0].shape), np.uint8)
            for source, start, end in blocks.tolist():
                block = self._sources[source].read(np.arange(start, end))
                images[places[: len(block)]], places = block, places[len(block) :]
            self._window = (epoch, window), images
        return self._window[1]
