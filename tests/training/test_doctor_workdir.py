"""The doctor on folders for results: full, read-only, on a network, with broken locks."""

import contextlib
import errno
import os
import shutil
import time
from pathlib import Path

import pytest

from training.doctor import workdir
from training.doctor.finding import OK, PROBLEM, WARNING


def test_a_good_folder_need_not_exist_and_stays_as_it_was(tmp_path):
    findings = workdir.workdir(tmp_path / "not" / "yet")
    assert [finding.check for finding in findings] == [
        "Writing", "Renaming", "Locking", "File system",
    ]  # fmt: skip
    assert [finding.status for finding in findings[:3]] == [OK] * 3
    assert list(tmp_path.iterdir()) == []


def test_the_nearest_existing_folder_is_examined(tmp_path):
    assert workdir.nearest_existing(tmp_path / "a" / "b") == tmp_path
    assert workdir.nearest_existing(tmp_path) == tmp_path


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(workdir.tempfile, "mkdtemp", refuse)
    monkeypatch.setattr(os, "mkdir", refuse)
    (finding,) = workdir.workdir(tmp_path)
    assert finding.status == PROBLEM
    assert finding.found == f"{tmp_path} cannot be written: Permission denied"


def test_a_file_in_the_place_of_a_folder_is_a_problem(tmp_path):
    (tmp_path / "runs").write_text("")
    (finding,) = workdir.workdir(tmp_path / "runs")
    assert (finding.status, finding.check) == (PROBLEM, "Writing")


def test_a_full_disk_is_a_problem(tmp_path, monkeypatch):
    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(workdir, "sync_file", full)
    finding = workdir.writing(tmp_path)
    assert finding.status == PROBLEM
    assert "No space left on device" in finding.found


# ---- renaming


def slow_copy(source: Path, target: Path) -> None:
    """Writes in two halves, as a file system without atomic renames may show it."""
    contents = source.read_bytes()
    with target.open("wb") as file:
        file.write(contents[: len(contents) // 2])
        file.flush()
        time.sleep(0.005)
        file.write(contents[len(contents) // 2 :])


def removed_first(source: Path, target: Path) -> None:
    target.unlink()
    time.sleep(0.005)
    shutil.move(source, target)


def refused(source: Path, target: Path) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize(
    ("rename", "said"),
    [
        (slow_copy, "a part of a file was seen"),
        (removed_first, "a file was not there for a moment"),
        (refused, "renaming fails: Operation not permitted"),
    ],
)
def test_a_rename_that_is_not_atomic_is_seen(rename, said, tmp_path):
    finding = workdir.renaming(tmp_path, rename, seconds=30)  # it ends at the first fault
    assert finding.status == PROBLEM
    assert said in finding.found


def test_the_real_one_is_atomic(tmp_path):
    finding = workdir.renaming(tmp_path, seconds=0.2)
    assert finding.status == OK
    assert finding.found != "whole at every moment, 0 times"


# ---- locking


@contextlib.contextmanager
def no_lock(path, timeout):
    yield


@contextlib.contextmanager
def stale_lock(path, timeout):
    raise workdir.Timeout(str(path))
    yield


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        (no_lock, "two processes hold one lock"),
        (stale_lock, "a lock stays when its holder is killed"),
    ],
)
def test_a_lock_that_does_not_lock_or_stays_is_seen(lock, said, tmp_path):
    finding = workdir.locking(tmp_path, lock)
    assert finding.status == PROBLEM
    assert said in finding.found


def test_a_folder_without_locks_is_a_problem(tmp_path):
    place = tmp_path / "file"
    place.write_text("")  # in which no lock's file can be made
    finding = workdir.locking(place)
    assert finding.status == PROBLEM
    assert "a file cannot be locked" in finding.found


# ---- file systems


MOUNTS = """/dev/sda1 / ext4 rw,relatime 0 0
server:/home {0}/home nfs4 rw,vers=4.2,hard 0 0
server:/old {0}/old nfs rw,vers=3,nolock,local_lock=all 0 0
me@server: {0}/my\\040files fuse.sshfs rw 0 0
tmpfs {0}/home/fast tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "status", "said"),
    [
        ("here", OK, "ext4, at /"),
        ("home/me", OK, "a network's: locks were tried between processes of this machine only"),
        ("home/fast", OK, "tmpfs"),
        ("homely", OK, "ext4, at /"),
        ("old/me", WARNING, "(local_lock=all, nolock): locks do not reach other machines"),
        ("my files/runs", WARNING, "fuse.sshfs"),
    ],
)
def test_network_file_systems_are_known(folder, status, said, tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS.format(tmp_path))
    finding = workdir.network(tmp_path / folder, mounts)
    assert finding.status == status
    assert said in finding.found


def test_a_system_that_does_not_tell_its_mounts_is_no_fault(tmp_path):
    assert workdir.network(tmp_path, tmp_path / "missing").status == OK
