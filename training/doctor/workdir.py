"""The folder for results: whether files can be written, renamed and locked there.

All that is written lies in one scratch folder, which is removed.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, cast

import psutil
from filelock import FileLock, Timeout

from gan_knowledge_gaps.data import sync_file, sync_folder
from gan_knowledge_gaps.training.doctor.check import Check, problem

_BYTES = 2**16
_PATIENCE = 60  # seconds for Python to start on a busy machine
_ELSEWHERE = "give --workdir a folder on a disk of this machine"
_NETWORKS = (
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.sshfs", "gpfs", "lustre", "nfs", "nfs4", "smb3",
)  # fmt: skip
_LOCAL_LOCKS = {"nolock", "local_lock=all", "local_lock=flock", "localflock", "noflock"}
# Takes a lock, says so, and holds it until it is killed or its input ends.
_HOLDER = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1], timeout=10):
    print("held", flush=True)
    sys.stdin.read()
"""


def nearest_existing(folder: Path) -> Path:
    """The folder itself, or the nearest above it that exists."""
    folder = folder.expanduser().absolute()
    return next(each for each in (folder, *folder.parents) if each.exists())


def workdir(folder: Path) -> list[Check]:
    """Everything about the folder for results, which need not exist yet."""
    existing, started = nearest_existing(folder), time.monotonic()
    try:
        with tempfile.TemporaryDirectory(
            dir=existing, prefix=".doctor-", ignore_cleanup_errors=True
        ) as scratch:
            place = Path(scratch)
            (place / "written").write_bytes(bytes(_BYTES))
            sync_file(place / "written")
            sync_folder(place)
            written = f"{existing}: on the disk after {1000 * (time.monotonic() - started):.0f} ms"
            checks = [renaming(place), locking(place), network(place)]
            return [Check("Writing", written), *checks]
    except OSError as error:
        found = f"{existing} cannot be written: {error.strerror}"
        return [problem("Writing", found, f"make it writable for this user, or {_ELSEWHERE}")]


def renaming(
    place: Path, rename: Callable[[Path, Path], None] = os.replace, seconds: float = 0.5
) -> Check:
    """Whether a file that is renamed over another is, at every moment, the old one or the new.

    Checkpoints, manifests and models are written under another name, and then renamed: here by one
    thread, while another reads.
    """
    path, stop, contents = place / "renamed", threading.Event(), [bytes(_BYTES), b"1" * _BYTES]
    path.write_bytes(contents[0])

    def write() -> int:
        count = 0
        while not stop.is_set():
            (place / "renaming").write_bytes(contents[count % 2])
            rename(place / "renaming", path)
            count += 1
        return count

    try:
        with ThreadPoolExecutor(1) as pool:
            writer, end = pool.submit(write), time.monotonic() + seconds
            try:
                while time.monotonic() < end and not writer.done():
                    if path.read_bytes() not in contents:
                        raise OSError(0, "a part of a file was seen under its final name")
            finally:
                stop.set()
            count = writer.result()
    except OSError as error:
        found = f"renaming a file over another fails, or shows: {error.strerror}"
        advice = f"{_ELSEWHERE}: a kill may leave damaged results here"
        return problem("Renaming", found, advice)
    return Check("Renaming", f"whole at every moment, {count:,} times")


def locking(place: Path, lock: Callable[..., FileLock] = FileLock) -> Check:
    """Whether a lock keeps other processes out, and ends with the process that holds it.

    Args:
        place: a folder to do it in.
        lock: what is to be checked: path and timeout in seconds to a context manager.
    """

    def can_take(patience: float) -> bool:
        try:
            with lock(path, timeout=patience):
                return True
        except Timeout:
            return False

    path, pipe = place / "lock", subprocess.PIPE
    command = [sys.executable, "-c", _HOLDER, str(path)]
    holder = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    try:
        if cast(IO[str], holder.stdout).readline().strip() != "held":
            said = (holder.communicate()[1].strip().splitlines() or ["no reason given"])[-1]
            return problem("Locking", f"a file cannot be locked ({said})", _ELSEWHERE)
        if can_take(0.1):
            advice = f"{_ELSEWHERE}, or never run two commands on one --workdir at a time"
            return problem("Locking", "two processes hold one lock at a time", advice)
    finally:
        holder.kill()
        holder.communicate()
    if not can_take(_PATIENCE):
        advice = f"{_ELSEWHERE}: killed trainings could not go on here"
        return problem("Locking", "a lock stays when its holder is killed", advice)
    return Check("Locking", "one holder at a time; a killed one lets go")


def network(place: Path) -> Check:
    """Whether a folder lies on a network's file system, where locks may end at the machine."""
    mounts = psutil.disk_partitions(all=True)
    above = [each for each in mounts if place.resolve().is_relative_to(each.mountpoint)]
    if not above:
        return Check("File system", "not known")
    # The longest mount point counts, and of equals the last.
    mount = max(reversed(above), key=lambda each: len(each.mountpoint))
    found = f"{mount.fstype} at {mount.mountpoint}"
    if mount.fstype not in _NETWORKS:
        return Check("File system", found)
    lost = _LOCAL_LOCKS.intersection(mount.opts.split(","))
    if lost or mount.fstype == "fuse.sshfs":
        found = f"{' '.join([found, *sorted(lost)])}: locks do not reach other machines"
        advice = "do not share this --workdir between machines; on one machine it is safe"
        return Check("File system", found, advice)
    found += ", a network's: locks were tried between processes of this machine only"
    return Check("File system", found)
