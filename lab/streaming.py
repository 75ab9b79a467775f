"""Images of a generator that are made when they are read; and images whose reading is shown."""

import functools
import hashlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from gan_knowledge_gaps.data import Images
from gan_knowledge_gaps.data.images import checked_indices
from gan_knowledge_gaps.training.progress import Progress

# Larger sets of images are streamed. A constant, and no question of the machine, because the order
# of a training depends on it.
KEPT_BYTES = 2**30


def is_streamed(count: int, shape: tuple[int, int, int]) -> bool:
    """Whether so many generated images of a shape are made whenever they are read."""
    return count * math.prod(shape) > KEPT_BYTES


class StreamedImages(Images):
    """Consecutive images of a generator.

    They are made in whole blocks, because a generator gives an image to the last bit only in the
    same batch. Reading consecutive images, or whole blocks, makes each once; the last block stays.

    Args:
        generate: images by index, uint8 [n, H, W, C]; called with the indices of whole blocks
            k * block ... (k + 1) * block - 1, in ascending order.
        name: of the generator's weights, and of how it is sampled; of the fingerprint.
        start: index of the first image.
        count: how many there are.
        shape: (H, W, C).
        block: images of a block.
    """

    def __init__(
        self,
        generate: Callable[[np.ndarray], np.ndarray],
        name: str,
        start: int,
        count: int,
        shape: tuple[int, int, int],
        block: int,
    ):
        self._generate, self._name, self._start, self._count = generate, name, start, count
        self._shape, self.block = shape, block
        self._last: tuple[int, np.ndarray] | None = None

    def __len__(self) -> int:
        return self._count

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self._shape

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of a line that names the generator and the range of indices."""
        line = f"generated {self._name} {self._start} {self._count} {self._shape}\n"
        return hashlib.sha256(line.encode()).hexdigest()

    def part(self, first: int, count: int) -> "StreamedImages":
        """Consecutive images of these, made as they are read, too."""
        where = self._start + first, count
        return StreamedImages(self._generate, self._name, *where, self._shape, self.block)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Makes images; as `ArrayImages.read`."""
        blocks, rows = np.divmod(self._start + checked_indices(indices, len(self)), self.block)
        images = np.empty((len(rows), *self.shape), np.uint8)
        for block in np.unique(blocks).tolist():
            here = blocks == block
            images[here] = self._block(block)[rows[here]]
        return images

    def _block(self, number: int) -> np.ndarray:
        last = self._last  # Looked at once: another thread may read as well.
        if last is None or last[0] != number:
            first = number * self.block
            last = self._last = number, self._generate(np.arange(first, first + self.block))
        return last[1]


class _Watched(Images):
    """Images that tell how many are read."""

    def __init__(self, images: Images, advance: Callable[[int], None]):
        self._images, self._advance = images, advance

    def __len__(self) -> int:
        return len(self._images)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self._images.shape

    @property
    def fingerprint(self) -> str:
        """That of the images."""
        return self._images.fingerprint

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Reads images; as `ArrayImages.read`."""
        images = self._images.read(indices)
        self._advance(len(images))
        return images


@contextmanager
def watched(images: Images, label: str) -> Iterator[Images]:
    """The images, with the progress of whoever reads each of them once."""
    with Progress(label, len(images), unit="images") as progress:
        yield _Watched(images, progress.advance)
