"""Rows of numbers by index, computed in pieces that are kept, so that a kill costs one piece."""

import functools
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from gan_knowledge_gaps.data import write_json
from gan_knowledge_gaps.training.arrays import read_array, write_array
from gan_knowledge_gaps.training.progress import Progress

PIECE = 1024


class Rows:
    """What a function gives for the indices 0 ... count - 1, in files of `PIECE` rows each.

    The files are those of `training.arrays`: a damaged one is computed again. Fewer or more rows of
    the same key share their files.

    Args:
        folder: of the cache.
        key: all that the rows depend on, besides their index; JSON.
        count: how many.
        compute: (start, stop) to the rows start ... stop - 1, in batches [n, ...].
        label: what they are called while they are computed.
        unit: what a row is of, in the plural.
    """

    def __init__(
        self,
        folder: Path,
        key: dict,
        count: int,
        compute: Callable[[int, int], Iterator[np.ndarray]],
        label: str,
        unit: str = "images",
    ):
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        self.folder = folder / digest[:32]
        self.key, self.count = key, count
        self._compute, self._label, self._unit = compute, label, unit
        self._pieces = [(start, min(start + PIECE, count)) for start in range(0, count, PIECE)]

    def pieces(self) -> Iterator[np.ndarray]:
        """All rows, [n, ...] at a time."""
        with Progress(self._label, self.count, unit=self._unit) as progress:
            for start, stop in self._pieces:
                compute = functools.partial(self._compute_piece, start, stop, progress)
                rows = self._kept(f"{start:09d}-{stop:09d}", compute)
                progress.advance(stop - progress.done)  # What was read and not computed.
                yield rows

    def all(self) -> np.ndarray:
        """All rows in one array, [count, ...]."""
        return np.concatenate(list(self.pieces()))

    def reduced(self, name: str, reduce: Callable[[Iterator[np.ndarray]], np.ndarray]):
        """What a function makes of all pieces, kept as well; the pieces are not held.

        Args:
            name: of the result, for its file.
            reduce: the pieces to an array.
        """
        return self._kept(f"{name}-{self.count:09d}", lambda: reduce(self.pieces()))

    def discard(self) -> None:
        """Deletes the files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kept(self, name: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """The array in a file; computed and written where the file is missing or damaged."""
        path = self.folder / f"{name}.npz"
        values = read_array(path)
        if values is None:
            values = compute()
            if not (self.folder / "key.json").exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                write_json(self.folder / "key.json", self.key)
            write_array(path, values)
        return values

    def _compute_piece(self, start: int, stop: int, progress: Progress) -> np.ndarray:
        batches = []
        for batch in self._compute(start, stop):
            batches.append(batch)
            progress.advance(len(batch))
        return np.concatenate(batches)
