"""Images: a fixed list of images of one shape, which all packages take and give."""

import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, cast

import numpy as np

_CHUNK_BYTES = 2**24


class Images(Protocol):
    """A fixed, indexable list of images: natural ones, or those a generator has made."""

    def __len__(self) -> int: ...

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the shape and the contents, in hexadecimal."""

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Returns the images at the integer indices [n] as uint8 [n, H, W, C]."""


class PicturedImages(Images, Protocol):
    """Images of pictures, of each of which something else can be made."""

    def read_each(self, indices: np.ndarray, makers: Sequence[Callable]) -> np.ndarray:
        """Reads as `PictureImages.read_each` does."""


class ArrayImages(Images):
    """Images in one array, in memory or mapped from a file (np.memmap).

    Args:
        array: uint8 [N, H, W, C]. Taken over, not copied, and made read-only, so that the
            fingerprint stays true.

    Raises:
        ValueError: The array is of another type or rank.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.data import ArrayImages
        >>> images = ArrayImages(np.zeros((100, 32, 32, 3), np.uint8))
        >>> len(images), images.shape
        (100, (32, 32, 3))
        >>> images.read(np.array([7, 3])).shape
        (2, 32, 32, 3)
    """

    def __init__(self, array: np.ndarray):
        if array.dtype != np.uint8 or array.ndim != 4:
            raise ValueError(
                f"images are uint8 [N, H, W, C], not {array.dtype} of shape {array.shape}"
            )
        array.flags.writeable = False
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self._array.shape[1:]

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of the line "uint8 N H W C\\n", then of all bytes in C order."""
        digest = hashlib.sha256("uint8 {} {} {} {}\n".format(*self._array.shape).encode())
        # In pieces, because a memory-mapped array may be larger than the memory.
        rows = max(1, _CHUNK_BYTES // max(1, self._array[:1].nbytes))
        for start in range(0, len(self), rows):
            digest.update(np.ascontiguousarray(self._array[start : start + rows]).data)
        return digest.hexdigest()

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Copies images out.

        Args:
            indices: Integers [n], each from 0 to len(self) - 1.

        Returns:
            uint8 [n, H, W, C], the caller's own.

        Raises:
            IndexError: `indices` is not a list of integers, or one is out of range; negative
                ones too, which would silently count from the end.
        """
        return np.asarray(self._array[checked_indices(indices, len(self))])


class Subset(Images):
    """Some images of others, in a given order.

    Args:
        images: All of them.
        indices: Integers [n] into them.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.data import ArrayImages, Subset
        >>> images = ArrayImages(np.zeros((100, 32, 32, 3), np.uint8))
        >>> every_second = Subset(images, np.arange(0, 100, 2))
        >>> len(every_second)
        50
    """

    def __init__(self, images: Images, indices: np.ndarray):
        self._images = images
        self._indices = checked_indices(indices, len(images)).astype(np.int64)

    def __len__(self) -> int:
        return len(self._indices)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self._images.shape

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of the line "subset of <fingerprint>\\n", then of the indices."""
        digest = hashlib.sha256(f"subset of {self._images.fingerprint}\n".encode())
        digest.update(self._indices.astype("<i8").tobytes())
        return digest.hexdigest()

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Reads images as `ArrayImages.read` does; what the whole raises, this raises."""
        return self._images.read(self._indices[checked_indices(indices, len(self))])

    def read_each(self, indices: np.ndarray, makers: Sequence[Callable]) -> np.ndarray:
        """Reads as `PictureImages.read_each` does, where the whole can."""
        pictures = cast(PicturedImages, self._images)
        return pictures.read_each(self._indices[checked_indices(indices, len(self))], makers)


class Joined(Images):
    """Several lists of images of one shape, one after the other.

    Args:
        parts: At least one.

    Raises:
        ValueError: Their shapes differ.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.data import ArrayImages, Joined
        >>> dark = ArrayImages(np.zeros((100, 32, 32, 3), np.uint8))
        >>> light = ArrayImages(np.full((20, 32, 32, 3), 255, np.uint8))
        >>> both = Joined([dark, light])
        >>> len(both), both.read(np.array([99, 100])).max(axis=(1, 2, 3))
        (120, array([  0, 255], dtype=uint8))
    """

    def __init__(self, parts: Sequence[Images]):
        if len({part.shape for part in parts}) != 1:
            raise ValueError(f"images of one shape, not {[part.shape for part in parts]}")
        self._parts = tuple(parts)
        self._starts = np.cumsum([0, *map(len, parts)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self._parts[0].shape

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of a line "joined <fingerprint>\\n" for each part."""
        lines = (f"joined {part.fingerprint}\n" for part in self._parts)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Reads images as `ArrayImages.read` does; what a part raises, this raises."""
        indices = checked_indices(indices, len(self))
        images = np.empty((len(indices), *self.shape), np.uint8)
        for part, rows, places in self._places(indices):
            images[rows] = part.read(places)
        return images

    def read_each(self, indices: np.ndarray, makers: Sequence[Callable]) -> np.ndarray:
        """Reads as `PictureImages.read_each` does, where the parts can."""
        indices = checked_indices(indices, len(self))
        images: list = [None] * len(indices)
        for part, rows, places in self._places(indices):
            pictures = cast(PicturedImages, part)
            made = pictures.read_each(places, [makers[row] for row in rows])
            for row, image in zip(rows, made, strict=True):
                images[row] = image
        return np.stack(images)

    def _places(self, indices: np.ndarray) -> Iterator[tuple[Images, np.ndarray, np.ndarray]]:
        """Parts of which images are asked for; which of those asked for, and where they are."""
        for part, start in zip(self._parts, self._starts[:-1], strict=True):
            rows = np.flatnonzero((start <= indices) & (indices < start + len(part)))
            if len(rows):
                yield part, rows, indices[rows] - start


def checked_indices(indices: np.ndarray, size: int) -> np.ndarray:
    """Returns indices as an array [n], or raises an IndexError; see `ArrayImages.read`."""
    indices = np.asarray(indices)
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise IndexError(f"indices are integers [n], not {indices.dtype} {indices.shape}")
    if indices.size and not 0 <= indices.min() <= indices.max() < size:
        raise IndexError(f"an index is outside 0 ... {size - 1}")
    return indices
