"""An artifact: the folder of one trained thing, done once its manifest DONE.json is written."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from data import InputError, sha256_file, write_json
from training.progress import say

DONE = "DONE.json"


class Artifact:
    """The folder of one trained thing.

    It holds the training's checkpoints, metrics and samples, the model, caches of what is computed
    from it, and, written last, the manifest with the SHA-256 of the model.

    Args:
        folder: where it lies, named after its key.
        label: what people call it.
    """

    def __init__(self, folder: Path, label: str):
        self.folder, self.label = folder, label

    @property
    def key(self) -> str:
        """The key that the folder is named after."""
        return self.folder.name

    def is_done(self) -> bool:
        """Whether the training is finished."""
        return (self.folder / DONE).exists()

    def manifest(self) -> dict[str, Any]:
        """What was written when the training finished.

        Raises:
            InputError: the manifest can't be read.
        """
        try:
            return json.loads((self.folder / DONE).read_text())
        except (OSError, ValueError) as error:
            raise InputError(self._damaged(DONE)) from error

    def finish(self, model: str, manifest: dict[str, Any]) -> None:
        """Declares the artifact done; `model` is the name of its model's file."""
        sha256 = {model: sha256_file(self.folder / model)}
        write_json(self.folder / DONE, {**manifest, "sha256": sha256})

    def file(self, name: str) -> Path:
        """A file that the manifest vouches for.

        Raises:
            InputError: it is missing or not what it was when the training finished.
        """
        path = self.folder / name
        if not path.is_file() or sha256_file(path) != self.manifest()["sha256"].get(name):
            raise InputError(self._damaged(name))
        return path

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the artifact for this process; the system lets go of it if the process dies."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"{self.label}: another process is training it; waiting")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _damaged(self, name: str) -> str:
        return f"{self.folder / name} is missing or damaged; delete {self.folder} to train it again"
