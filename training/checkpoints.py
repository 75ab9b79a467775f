"""Checkpoints that survive a kill at any moment and damage on disk.

A checkpoint is a folder `step-000001200` with TensorFlow's checkpoint files and a manifest of their
SHA-256 digests. It is written under a temporary name and renamed when complete, so a folder of that
name is whole unless something damaged it later; restoring verifies the digests and falls back to
the newest intact one. TensorFlow's own CheckpointManager does neither.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import tensorflow as tf

from data import InputError, sha256_file, sync_file, sync_folder, write_json
from training.progress import say

MANIFEST = "manifest.json"


class DamagedCheckpointError(Exception):
    """A checkpoint whose files are not what its manifest says."""


class Checkpoints:
    """The checkpoints of one training.

    Args:
        folder: where they lie; created when the first is saved.
        state: named flat lists of built variables. Flat lists, because tracking Keras 3 models
            misses layers held in their lists and dicts without a word.
        keep: how many of the newest to keep. At least two, to have one to fall back to.
    """

    def __init__(self, folder: Path, state: dict[str, list[tf.Variable]], keep: int = 2):
        self.folder, self.keep = folder, keep
        self._checkpoint = tf.train.Checkpoint(**state)

    def steps(self) -> list[int]:
        """The steps that have a checkpoint, damaged or not, in ascending order."""
        return sorted(int(path.name.removeprefix("step-")) for path in self.folder.glob("step-*"))

    def path(self, step: int) -> Path:
        """The folder of the checkpoint after `step` steps."""
        return self.folder / f"step-{step:09d}"

    def note(self, step: int) -> dict[str, Any]:
        """What was noted with the checkpoint of `step` steps."""
        return json.loads((self.path(step) / MANIFEST).read_text())["note"]

    def save(self, step: int, note: dict[str, Any] | None = None) -> Path:
        """Saves the state after `step` steps and removes what is older than the newest `keep`.

        Args:
            step: number of steps done.
            note: JSON values to keep with it.

        Returns:
            The checkpoint's folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".saving-{step:09d}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        self._checkpoint.write(str(temporary / "state"))
        digests = {path.name: sha256_file(path) for path in sorted(temporary.iterdir())}
        for path in temporary.iterdir():
            sync_file(path)
        write_json(temporary / MANIFEST, {"step": step, "note": note or {}, "sha256": digests})
        shutil.rmtree(self.path(step), ignore_errors=True)
        temporary.rename(self.path(step))
        sync_folder(self.folder)
        for old in self.steps()[: -self.keep]:
            shutil.rmtree(self.path(old))
        return self.path(step)

    def restore(self, step: int) -> None:
        """Restores one checkpoint into the state's variables.

        Raises:
            DamagedCheckpointError: a file is missing or differs from the manifest, or the
                checkpoint does not hold exactly these variables.
        """
        verify(self.path(step))
        try:
            self._checkpoint.read(str(self.path(step) / "state")).assert_consumed()
        except (AssertionError, ValueError, tf.errors.OpError) as error:
            raise DamagedCheckpointError(f"it does not fit this training ({error})") from error

    def restore_newest(self) -> int | None:
        """Restores the newest intact checkpoint, and says so.

        Returns:
            Its step, or None where there is no checkpoint at all.

        Raises:
            InputError: there are checkpoints and none of them is intact. A training never starts
                again from zero over them.
        """
        for step in reversed(self.steps()):
            try:
                self.restore(step)
            except DamagedCheckpointError as error:
                say(f"checkpoint {self.path(step)} is damaged: {error}; trying an older one")
                continue
            say(f"resuming at step {step:,} from {self.path(step)}")
            return step
        if self.steps():
            raise InputError(
                f"every checkpoint in {self.folder} is damaged; "
                "delete that folder to train again from the start"
            )
        return None


def verify(folder: Path) -> None:
    """Raises DamagedCheckpointError unless the checkpoint's files match its manifest."""
    try:
        digests = json.loads((folder / MANIFEST).read_text())["sha256"]
    except (OSError, ValueError, KeyError) as error:
        raise DamagedCheckpointError(f"{MANIFEST} is missing or unreadable") from error
    for name, digest in digests.items():
        path = folder / name
        if not path.is_file():
            raise DamagedCheckpointError(f"{name} is missing")
        if sha256_file(path) != digest:
            raise DamagedCheckpointError(f"{name} has changed since it was written")
