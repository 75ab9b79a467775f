"""A save that is killed between any two of its file operations costs no finished checkpoint."""

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from gan_knowledge_gaps.training.checkpoints import Checkpoints


class KilledError(BaseException):
    """Stands for SIGKILL: nothing that comes after it reaches the disk."""


class Reaper:
    """Raises KilledError at the n-th operation on files below a folder, and at all after it.

    Python reports these operations to audit hooks. The clean-up of a `finally` is killed too, as
    it would be by a real kill.
    """

    EVENTS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir")

    def __init__(self):
        self.folder, self.left = None, 0
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple) -> None:
        if self.folder is None or event not in self.EVENTS:
            return
        # rmtree names files relative to an open folder; nothing else here uses relative names.
        path = os.fspath(arguments[0]) if not isinstance(arguments[0], int) else self.folder
        if not Path(path).is_absolute() or path.startswith(self.folder):
            self.left -= 1
            if self.left < 0:
                if self.left == -1 and event == "open" and arguments[2] & os.O_TRUNC:
                    self._truncate(path)
                raise KilledError

    def _truncate(self, path: str) -> None:
        """The worst moment for an open file: it is empty, and nothing is written yet."""
        folder, self.folder = self.folder, None
        Path(path).write_bytes(b"")
        self.folder = folder

    def kills(self, function, folder: Path, operation: int) -> bool:
        """Whether the function was killed at that operation, or had ended before."""
        self.folder, self.left = str(folder), operation
        try:
            function()
        except KilledError:
            return True
        finally:
            self.folder = None
        return False


@pytest.fixture(scope="module")
def reaper() -> Reaper:
    return Reaper()  # one for all, because Python keeps audit hooks for good


def checkpoints(folder: Path, value: int = 0) -> tuple[Checkpoints, tf.Variable]:
    variable = tf.Variable(float(value))
    return Checkpoints(folder, {"value": [variable]}), variable


def restored(folder: Path) -> int:
    store, variable = checkpoints(folder)
    step = store.restore_newest()
    assert float(variable) == step
    return step


def prepare(folder: Path, *, damaged: bool) -> None:
    """Checkpoints 1 and 2; with `damaged` also a 3 that no longer is what it was."""
    for step in (1, 2):
        checkpoints(folder, step)[0].save(step)
    if damaged:
        shutil.copytree(folder / "step-000000002", folder / "step-000000003")
        (folder / "step-000000003" / "state.index").write_bytes(b"")
    assert restored(folder) == 2


@pytest.mark.parametrize("damaged", [False, True])
def test_a_save_killed_at_any_operation_leaves_a_checkpoint(tmp_path, reaper, damaged):
    prepare(tmp_path / "before", damaged=damaged)
    after = []
    killed, operation = True, 0
    while killed:
        folder = tmp_path / str(operation)
        shutil.copytree(tmp_path / "before", folder)
        store = checkpoints(folder, 3)[0]
        killed = reaper.kills(lambda store=store: store.save(3), folder, operation)
        after.append(restored(folder))
        # And the next save works, and clears what is left of the killed one.
        store, _ = checkpoints(folder, 4)
        store.save(4)
        assert restored(folder) == 4
        assert sorted(path.name for path in folder.iterdir())[-1] == "step-000000004"
        assert len(list(folder.iterdir())) == 2
        operation += 1
    # Killed early, the one before stands; from the rename on, the new one does.
    assert operation > 10
    assert after == sorted(after)
    assert set(after) == {2, 3}


@pytest.mark.skipif(os.name == "nt", reason="Windows does not sync folders")
def test_everything_is_on_the_disk_before_the_rename_and_the_rename_after(tmp_path, monkeypatch):
    done = []
    fsync, rename = os.fsync, Path.rename

    def recorded_fsync(descriptor):
        fsync(descriptor)
        done.append(os.fstat(descriptor).st_ino)

    def recorded_rename(path, target):
        done.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "rename", recorded_rename)
    folder = checkpoints(tmp_path)[0].save(1)
    before = done[: done.index("rename")]
    files = [path.stat() for path in folder.iterdir()]
    assert len(files) == 4
    assert all(stat.S_ISREG(each.st_mode) and each.st_ino in before for each in files)
    assert folder.stat().st_ino in before
    assert done[done.index("rename") + 1 :] == [tmp_path.stat().st_ino]
