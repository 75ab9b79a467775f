"""Balanced training batches from natural images and a pool of generators (supplement 1.3)."""

from collections.abc import Sequence

import numpy as np

from data import EpochOrder, Images
from training.randomness import derive_seed


class BalancedPool:
    """n generators x N generated images, and the N natural images repeated n times.

    Nothing is stored n-fold: a batch is read from its sources when its step comes. Each batch is
    half natural, half generated (a choice; the paper fixes the balance of the whole set), and each
    half goes through its own order in which every image comes once before any comes again.

    Args:
        natural: natural training images, N of them.
        generated: for each generator of the pool, N generated images.
        batch_size: images of a batch; even.
        seed: seed of the order.

    Raises:
        ValueError: the pool is empty, its sources differ in size or shape, or the batch is odd.
    """

    def __init__(self, natural: Images, generated: Sequence[Images], batch_size: int, seed: int):
        if not generated:
            raise ValueError("the pool holds no generator")
        if {(len(images), images.shape) for images in generated} != {(len(natural), natural.shape)}:
            raise ValueError("every generator must give as many images as there are natural ones")
        if batch_size % 2:
            raise ValueError(f"a balanced batch has an even number of images, not {batch_size}")
        self.natural, self.generated, self.half = natural, tuple(generated), batch_size // 2
        self._natural_order = EpochOrder(len(natural), derive_seed(seed, "natural"))
        self._generated_order = EpochOrder(
            len(natural) * len(generated), derive_seed(seed, "generated")
        )

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Images uint8 [batch_size, H, W, C] and labels float32 [batch_size], 1 = generated.

        Natural and generated images alternate, so that replicas get as many of each.
        """
        start = step * self.half
        natural = self.natural.read(self._natural_order.indices(start, self.half))
        generated = self._read_generated(self._generated_order.indices(start, self.half))
        images = np.stack([natural, generated], axis=1).reshape(-1, *self.natural.shape)
        return images, np.tile(np.float32([0, 1]), self.half)

    def _read_generated(self, indices: np.ndarray) -> np.ndarray:
        sources, positions = np.divmod(indices, len(self.natural))
        images = np.empty((len(indices), *self.natural.shape), np.uint8)
        for source in np.unique(sources):
            rows = sources == source
            images[rows] = self.generated[source].read(positions[rows])
        return images
