"""Arrays that can be computed again, kept in files that are checked when they are read."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gan_knowledge_gaps.training.arrays import read_array, write_array

GIGABYTE = 10**9
DEFAULT_BYTES = 20 * GIGABYTE
IMAGES = "images-"  # begins the names of caches of images
_HEADER_BYTES = 1024  # of an .npz file, at most


class Cache:
    """The arrays of a workdir, which share a number of bytes.

    Where a new one does not fit, those that were used the longest ago go first: images before all
    else, for they are the largest, and logits and statistics are mostly all that is needed later.
    Several processes may use it; together they may then pass the limit for a moment.

    Args:
        workdir: whose artifacts' folders, and whose folder of statistics, hold the files.
        limit: bytes of all files together.
        writes: whether what is computed is written, or the files are only read.
    """

    def __init__(self, workdir: Path, limit: int = DEFAULT_BYTES, writes: bool = True):
        self.workdir, self.limit, self.writes = workdir, limit, writes

    def array(self, path: Path, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """The array in a file; computed and written where the file is missing or damaged.

        The file is a zip archive (`.npz`), whose checksums cover every byte of the array.

        Args:
            path: the file, ending in `.npz`, named after all that the array depends on.
            compute: makes the array.
        """
        values = read_array(path)
        if values is not None:
            with contextlib.suppress(OSError):
                os.utime(path)  # When it was used: many systems do not note reading.
            return values
        values = compute()
        if self.writes and self._make_room(values.nbytes + _HEADER_BYTES):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_array(path, values)
        return values

    def _make_room(self, needed: int) -> bool:
        """Removes files until so many bytes fit; False, and nothing removed, if they never do."""
        if needed > self.limit:
            return False
        files = sorted(self._files())
        total = sum(size for *_, size in files)
        for _, _, path, size in files:
            if total + needed <= self.limit:
                break
            path.unlink(missing_ok=True)
            total -= size
        return True

    def _files(self) -> list[tuple[bool, int, Path, int]]:
        """Whether each file holds no images, when it was used, its path and its bytes."""
        files = []
        for path in self.workdir.glob("*/*/*.npz"):  # artifacts/<key>/ and statistics/<features>/
            try:
                status = path.stat()
            except FileNotFoundError:  # Another process has removed it.
                continue
            if path.name.startswith("."):  # Somebody is writing it.
                continue
            other = not path.name.startswith(IMAGES)
            files.append((other, status.st_mtime_ns, path, status.st_size))
        return files
