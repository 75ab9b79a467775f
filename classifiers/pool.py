"""Balanced training batches from natural images and a pool of generators (supplement 1.3)."""

from collections.abc import Sequence

import numpy as np

from gan_knowledge_gaps.classifiers.block_shuffle import BlockShuffle
from gan_knowledge_gaps.data import EpochOrder, Images
from gan_knowledge_gaps.training.randomness import derive_seed


class BalancedPool:
    """Batches of half natural images and half images of a pool of generators.

    The pool has n generators x N generated images, and the N natural images n times.

    Nothing is stored n-fold: a batch is read from its sources when its step comes. Each batch is
    half natural, half generated (a choice; the paper fixes the balance of the whole set), and each
    half goes through its own order in which every image comes once before any comes again. Sources
    of other sizes are balanced by this too: the fewer images come more often.

    Generated images that are made as they are read have an attribute `block`: how many are made at
    once. They are shuffled by blocks, see `BlockShuffle`. Images that differ each time that they
    are seen have a method `read_at`, see `classifiers.patches.RandomPatches`.

    Args:
        natural: natural training images; N of them in the paper.
        generated: images of each generator of the pool; N of each in the paper.
        batch_size: images of a batch; even.
        seed: seed of the order.

    Raises:
        ValueError: a source is empty, their images differ in shape, or the batch is odd.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.classifiers import BalancedPool
        >>> from gan_knowledge_gaps.data import ArrayImages
        >>> natural = ArrayImages(np.zeros((100, 28, 28, 1), np.uint8))
        >>> generated = [ArrayImages(np.full((100, 28, 28, 1), 255, np.uint8)) for _ in range(3)]
        >>> images, labels = BalancedPool(natural, generated, batch_size=4, seed=0).batch(step=0)
        >>> images.shape, labels.tolist()
        ((4, 28, 28, 1), [0.0, 1.0, 0.0, 1.0])
    """

    def __init__(self, natural: Images, generated: Sequence[Images], batch_size: int, seed: int):
        if not generated or not all(len(images) for images in (natural, *generated)):
            raise ValueError("a pool needs natural images, and generators with images each")
        if {images.shape for images in generated} != {natural.shape}:
            raise ValueError("natural and generated images must have one shape")
        if batch_size % 2:
            raise ValueError(f"a balanced batch has an even number of images, not {batch_size}")
        self.natural, self.generated, self.half = natural, tuple(generated), batch_size // 2
        self._natural_order = EpochOrder(len(natural), derive_seed(seed, "natural"))
        self._ends = np.cumsum([len(images) for images in generated])
        order_seed = derive_seed(seed, "generated")
        self._generated_order = EpochOrder(int(self._ends[-1]), order_seed)
        block = max(getattr(images, "block", 1) for images in generated)
        self._shuffle = BlockShuffle(generated, block, order_seed) if block > 1 else None

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Images uint8 [batch_size, H, W, C] and labels float32 [batch_size], 1 = generated.

        Natural and generated images alternate, so that replicas get as many of each.
        """
        start = step * self.half
        positions = np.arange(start, start + self.half)
        natural = _read(self.natural, self._natural_order.indices(start, self.half), positions)
        generated = self._read_generated(start)
        images = np.stack([natural, generated], axis=1).reshape(-1, *self.natural.shape)
        return images, np.tile(np.array([0, 1], np.float32), self.half)

    def _read_generated(self, start: int) -> np.ndarray:
        """The generated half of the batch that begins at a position of their order."""
        if self._shuffle is not None:
            return self._shuffle.read(start, self.half)
        indices = self._generated_order.indices(start, self.half)
        sources = np.searchsorted(self._ends, indices, side="right")
        places = indices - np.concatenate([[0], self._ends])[sources]
        images = np.empty((len(indices), *self.natural.shape), np.uint8)
        for source in np.unique(sources):
            rows = sources == source
            images[rows] = _read(self.generated[source], places[rows], start + np.flatnonzero(rows))
        return images


def _read(images: Images, indices: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Images, some of which differ by where in the endless order they are seen."""
    read_at = getattr(images, "read_at", None)
    return images.read(indices) if read_at is None else read_at(indices, positions)
