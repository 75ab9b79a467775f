"""An artifact: the folder of one trained thing, done once its manifest DONE.json is written."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from data import InputError, sha256_file, write_json

DONE = "DONE.json"
MODEL = "model.keras"


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

    def is_done(self) -> bool:
        """Whether the training is finished."""
        return (self.folder / DONE).exists()

    def manifest(self) -> dict[str, Any]:
        """What was written when the training finished.

        Raises:
            InputError: the manifest can't be read.
        """
        try:
            manifest = json.loads((self.folder / DONE).read_text())
            complete = manifest.keys() >= {"sha256", "seconds", "depends_on"}
        except (OSError, ValueError, AttributeError) as error:
            raise InputError(self._damaged(DONE)) from error
        if not complete:
            raise InputError(self._damaged(DONE))
        return manifest

    def finish(self, manifest: dict[str, Any]) -> None:
        """Declares the artifact done, its model being in the file MODEL.

        Args:
            manifest: what to remember: at least `seconds`, and `depends_on`, the SHA-256 of each
                model that the training used.
        """
        write_json(self.folder / DONE, {**manifest, "sha256": sha256_file(self.folder / MODEL)})

    def model_sha256(self) -> str:
        """SHA-256 of the model, as it was when the training finished."""
        return self.manifest()["sha256"]

    def model_file(self) -> Path:
        """The model's file.

        Raises:
            InputError: it is missing or not what it was when the training finished.
        """
        path = self.folder / MODEL
        if not path.is_file() or sha256_file(path) != self.model_sha256():
            raise InputError(self._damaged(MODEL))
        return path

    @contextlib.contextmanager
    def lock(self) -> Iterator[bool]:
        """Whether this process holds the artifact; the system lets go of it if the process dies."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _damaged(self, name: str) -> str:
        return f"{self.folder / name} is missing or damaged; delete {self.folder} to train it again"
