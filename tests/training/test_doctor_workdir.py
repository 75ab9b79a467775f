"""The doctor on folders for results: full, read-only, on a network, with broken locks."""

import collections
import contextlib
import errno
import os
import shutil
import time
from pathlib import Path

import pytest

from gan_knowledge_gaps.training.doctor import workdir
from gan_knowledge_gaps.training.doctor.check import OK, PROBLEM, WARNING


def test_a_good_folder_need_not_exist_and_stays_as_it_was(tmp_path):
    checks = workdir.workdir(tmp_path / "not" / "yet")
    assert [check.name for check in checks] == [
        "Writing", "Renaming", "Locking", "File system",
    ]  # fmt: skip
    assert [check.status for check in checks[:3]] == [OK] * 3
    assert list(tmp_path.iterdir()) == []


def test_the_nearest_existing_folder_is_examined(tmp_path):
    assert workdir.nearest_existing(tmp_path / "a" / "b") == tmp_path
    assert workdir.nearest_existing(tmp_path) == tmp_path


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(workdir.tempfile, "mkdtemp", refuse)
    monkeypatch.setattr(os, "mkdir", refuse)
    (check,) = workdir.workdir(tmp_path)
    assert check.status == PROBLEM
    assert check.found == f"{tmp_path} cannot be written: Permission denied"


def test_a_file_in_the_place_of_a_folder_is_a_problem(tmp_path):
    (tmp_path / "runs").write_text("")
    (check,) = workdir.workdir(tmp_path / "runs")
    assert (check.status, check.name) == (PROBLEM, "Writing")


def test_a_full_disk_is_a_problem(tmp_path, monkeypatch):
    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(workdir, "sync_file", full)
    (check,) = workdir.workdir(tmp_path)
    assert (check.name, check.status) == ("Writing", PROBLEM)
    assert "No space left on device" in check.found
    assert list(tmp_path.iterdir()) == []


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
        (removed_first, "No such file"),
        (refused, "Operation not permitted"),
    ],
)
def test_a_rename_that_is_not_atomic_is_seen(rename, said, tmp_path):
    check = workdir.renaming(tmp_path, rename, seconds=30)  # it ends at the first fault
    assert check.status == PROBLEM
    assert said in check.found


def test_the_real_one_is_atomic(tmp_path):
    check = workdir.renaming(tmp_path, seconds=0.2)
    assert check.status == OK
    assert check.found != "whole at every moment, 0 times"


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
    check = workdir.locking(tmp_path, lock)
    assert check.status == PROBLEM
    assert said in check.found


def test_a_folder_without_locks_is_a_problem(tmp_path):
    place = tmp_path / "file"
    place.write_text("")  # in which no lock's file can be made
    check = workdir.locking(place)
    assert check.status == PROBLEM
    assert "a file cannot be locked" in check.found


# ---- file systems


Mount = collections.namedtuple("Mount", "device mountpoint fstype opts")


@pytest.mark.parametrize(
    ("folder", "status", "said"),
    [
        ("here", OK, "ext4 at /"),
        ("home/me", OK, "between processes of this machine only"),
        ("home/fast", OK, "tmpfs"),
        ("homely", OK, "ext4 at /"),
        ("old/me", WARNING, "local_lock=all nolock: locks do not reach other machines"),
        ("my files/runs", WARNING, "fuse.sshfs"),
    ],
)
def test_network_file_systems_are_known(folder, status, said, tmp_path, monkeypatch):
    mounts = [
        Mount("/dev/sda1", "/", "ext4", "rw,relatime"),
        Mount("server:/home", f"{tmp_path}/home", "nfs4", "rw,vers=4.2,hard"),
        Mount("server:/old", f"{tmp_path}/old", "nfs", "rw,vers=3,nolock,local_lock=all"),
        Mount("me@server:", f"{tmp_path}/my files", "fuse.sshfs", "rw"),
        Mount("tmpfs", f"{tmp_path}/home/fast", "tmpfs", "rw"),
    ]
    monkeypatch.setattr(workdir.psutil, "disk_partitions", lambda all: mounts)
    check = workdir.network(tmp_path / folder)
    assert check.status == status
    assert said in check.found


def test_a_system_that_does_not_tell_its_mounts_is_no_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(workdir.psutil, "disk_partitions", lambda all: [])
    assert workdir.network(tmp_path).status == OK
