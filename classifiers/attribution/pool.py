"""Batches of several classes, in which each comes as often, however many images it has."""

from collections.abc import Sequence

import numpy as np

from gan_knowledge_gaps.data import EpochOrder, Images
from gan_knowledge_gaps.training.randomness import derive_seed


class ClassPool:
    """Images of K classes in turn: 0, 1 ... K - 1, 0, 1 ...

    Each class goes through its own order, in which every image comes once before any comes again.

    Args:
        classes: images of each class, of one shape.
        batch_size: images of a batch; it need be no multiple of K.
        seed: seed of the orders.

    Raises:
        ValueError: a class is empty, or their images differ in shape.
    """

    def __init__(self, classes: Sequence[Images], batch_size: int, seed: int):
        if not all(map(len, classes)) or len({images.shape for images in classes}) != 1:
            raise ValueError("a pool needs images of each class, all of one shape")
        self.classes, self.batch_size = tuple(classes), batch_size
        self._orders = [
            EpochOrder(len(images), derive_seed(seed, "class", label))
            for label, images in enumerate(classes)
        ]

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Images uint8 [batch_size, H, W, C] and their classes, int32 [batch_size]."""
        positions = step * self.batch_size + np.arange(self.batch_size)
        labels = (positions % len(self.classes)).astype(np.int32)
        images = np.empty((self.batch_size, *self.classes[0].shape), np.uint8)
        for label, (source, order) in enumerate(zip(self.classes, self._orders, strict=True)):
            rows = np.flatnonzero(labels == label)
            if len(rows):
                first = int(positions[rows[0]]) // len(self.classes)
                images[rows] = source.read(order.indices(first, len(rows)))
        return images, labels
