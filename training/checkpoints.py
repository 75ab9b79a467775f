"""Checkpoints that survive a kill at any moment and damage on disk.

A checkpoint is a folder `step-000001200` with TensorFlow's checkpoint files, a description of what
they hold, and a manifest of the SHA-256 digests of all of them. It is written under a temporary
name and renamed when complete, so a folder of that name is whole unless something damaged it later;
restoring verifies the digests, the run, and the step that the name says, and takes the newest
checkpoint that passes. TensorFlow's own CheckpointManager does none of that.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_knowledge_gaps.data import (
    InputError,
    read_json,
    sha256_file,
    sync_file,
    sync_folder,
    write_json,
    writing,
)
from gan_knowledge_gaps.data.json_files import EVERY, FILE_NAME, OBJECT, TEXT, WHOLE
from gan_knowledge_gaps.training.paths import utf8_folder
from gan_knowledge_gaps.training.progress import say

if TYPE_CHECKING:
    import tensorflow as tf

MANIFEST = "manifest.json"
DESCRIPTION = "description.json"
_STATE = "state"
_SHAPE = {"step": WHOLE, "note": OBJECT, "variables": {EVERY: TEXT}, "run?": TEXT}


class DamagedCheckpointError(Exception):
    """A checkpoint whose files or variables are not what they should be."""


class Checkpoints:
    """The checkpoints of one training.

    Args:
        folder: where they lie; created when the first is saved.
        state: named flat lists of built variables. Flat lists, because tracking Keras 3 models
            misses layers held in their lists and dicts, without an error.
        keep: how many of the newest to keep. At least two, to have one to fall back to.
        partial: whether the checkpoints hold more lists than those to be restored.
        run: the name of the run (see `run_folder.identity`), to tell its checkpoints from another
            run's of the same shapes; None where it has none.

    Attributes:
        run: the same.
    """

    def __init__(
        self,
        folder: Path,
        state: dict[str, list[tf.Variable]],
        keep: int = 2,
        partial: bool = False,
        run: str | None = None,
    ):
        self.folder, self.keep, self.partial, self.run = folder, keep, partial, run
        import tensorflow as tf

        self._state, self._checkpoint = state, tf.train.Checkpoint(**state)
        self._variables = {
            f"{name}/{index}": f"{variable.dtype.name} {list(variable.shape)}"
            for name, variables in state.items()
            for index, variable in enumerate(variables)
        }

    def steps(self) -> list[int]:
        """The steps that have a checkpoint, damaged or not, in ascending order."""
        names = (path.name for path in self.folder.glob("step-*"))
        matches = (re.fullmatch(r"step-([0-9]{9,})", name) for name in names)
        return sorted(int(match[1]) for match in matches if match)

    def path(self, step: int) -> Path:
        """The folder of the checkpoint after `step` steps."""
        return self.folder / f"step-{step:09d}"

    def note(self, step: int) -> dict[str, Any]:
        """What was noted with the checkpoint of `step` steps."""
        return self._description(step)["note"]

    def run_of(self, step: int) -> str | None:
        """The name of the run that the checkpoint of `step` steps is of, if it says one."""
        return self._description(step).get("run")

    def _description(self, step: int) -> dict[str, Any]:
        return read_json(self.path(step) / DESCRIPTION, _SHAPE, "delete this checkpoint")

    def save(self, step: int, note: dict[str, Any] | None = None) -> Path:
        """Saves the state after `step` steps, and removes what is older than the newest `keep`.

        Checkpoints of later steps go too: a training is at `step` only if it could restore none of
        them. So does what a killed save left behind.

        Args:
            step: number of steps done.
            note: JSON values to keep with it.

        Returns:
            The checkpoint's folder.

        Raises:
            InputError: the disk is full, or refuses; the checkpoints before this one are kept.
        """
        temporary = self.folder / f".saving-{step:09d}"
        with writing(self.path(step), self._bytes()):
            try:
                self._write(temporary, step, note or {})
                if self.path(step).exists():
                    shutil.rmtree(self.path(step))
                temporary.rename(self.path(step))
                sync_folder(self.folder)
            except Exception:
                shutil.rmtree(temporary, ignore_errors=True)  # the room that it takes
                raise
        steps = self.steps()
        newest = steps.index(step) + 1
        for other in steps[: max(0, newest - self.keep)] + steps[newest:]:
            shutil.rmtree(self.path(other))
        return self.path(step)

    def _write(self, folder: Path, step: int, note: dict[str, Any]) -> None:
        """All files of a checkpoint, the manifest last, in a new folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for leftover in self.folder.glob(".saving-*"):
            shutil.rmtree(leftover)
        folder.mkdir()
        with utf8_folder(folder) as readable:
            self._checkpoint.write(str(readable / _STATE))
        description = {"step": step, "note": note, "variables": self._variables}
        if self.run is not None:
            description["run"] = self.run
        write_json(folder / DESCRIPTION, description)
        digests = {path.name: sha256_file(path) for path in sorted(folder.iterdir())}
        for path in folder.iterdir():
            sync_file(path)
        write_json(folder / MANIFEST, {"sha256": digests})

    def _bytes(self) -> int:
        """Of all variables."""
        return sum(
            variable.dtype.size * variable.shape.num_elements()
            for variables in self._state.values()
            for variable in variables
        )

    def restore(self, step: int) -> None:
        """Restores one checkpoint into the state's variables: all of them or none.

        Raises:
            DamagedCheckpointError: a file is missing or differs from the manifest, or the
                checkpoint is of another run or step, or does not hold exactly these variables.
        """
        verify(self.path(step))
        try:
            description = self._description(step)
        except InputError as error:
            raise DamagedCheckpointError(f"{DESCRIPTION} is damaged") from error
        if description["step"] != step:
            raise DamagedCheckpointError(f"it is of step {description['step']:,}, and was renamed")
        if self.run is not None and description.get("run", self.run) != self.run:
            raise DamagedCheckpointError("it is of another run")
        # Compared before TensorFlow reads, which would overwrite variables up to the first misfit.
        saved = description["variables"]
        if self.partial:
            lists = {name.partition("/")[0] for name in self._variables}
            saved = {name: saved[name] for name in saved if name.partition("/")[0] in lists}
        if saved != self._variables:
            raise DamagedCheckpointError(_difference(saved, self._variables))
        import tensorflow as tf

        try:
            with utf8_folder(self.path(step)) as readable:
                status = self._checkpoint.read(str(readable / _STATE))
            status.assert_existing_objects_matched()
            status.expect_partial() if self.partial else status.assert_consumed()
        except (AssertionError, ValueError, tf.errors.OpError) as error:
            reason = " ".join(str(error).split())
            raise DamagedCheckpointError(f"TensorFlow cannot read it ({reason})") from error

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
                say(f"checkpoint {self.path(step)} cannot be used: {error}")
                continue
            verb = "reading" if self.partial else "resuming at"
            say(f"{verb} step {step:,} from {self.path(step)}")
            return step
        if self.steps():
            raise InputError(
                f"no checkpoint in {self.folder} can be used, for the reasons above; "
                "delete that folder to train again from the start"
            )
        return None


def verify(folder: Path) -> None:
    """Raises DamagedCheckpointError unless the checkpoint's files match its manifest."""
    try:
        digests = read_json(folder / MANIFEST, {"sha256": {EVERY: TEXT}}, "")["sha256"]
    except InputError as error:
        raise DamagedCheckpointError(f"{MANIFEST} is missing or damaged") from error
    needed = {DESCRIPTION, *(path.name for path in folder.glob(f"{_STATE}.*"))}
    if not (needed <= digests.keys() and all(map(FILE_NAME.holds, digests))):
        raise DamagedCheckpointError(f"{MANIFEST} does not list its files")
    for name, digest in digests.items():
        try:
            intact = sha256_file(folder / name) == digest
        except OSError as error:
            raise DamagedCheckpointError(f"{name} cannot be read ({error.strerror})") from error
        if not intact:
            raise DamagedCheckpointError(f"{name} has changed since it was written")


def _difference(saved: dict[str, str], expected: dict[str, str]) -> str:
    """The first variable in which a checkpoint and a training differ."""
    name = min(name for name in saved | expected if saved.get(name) != expected.get(name))
    return (
        f"variable {name} is {saved.get(name, 'missing')} in it "
        f"and {expected.get(name, 'missing')} in this training"
    )
