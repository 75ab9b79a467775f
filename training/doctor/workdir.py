"""The folder for results: whether files can be written, renamed and locked there.

All that is written lies in one scratch folder, which is removed.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from data import sync_file, sync_folder
from training.doctor.finding import Finding, ok, problem, warning

RENAME_SECONDS = 0.5
_BYTES = 2**16
_PATIENCE = 60  # seconds for Python to start on a busy machine
_ELSEWHERE = "give --workdir a folder on a disk of this machine"
_NETWORKS = (
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.sshfs", "gpfs", "lustre", "nfs", "nfs4", "smb3",
)  # fmt: skip
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


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder in an existing one, removed with all that is in it."""
    with tempfile.TemporaryDirectory(
        dir=folder, prefix=".doctor-", ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


def workdir(folder: Path) -> list[Finding]:
    """Everything about the folder for results, which need not exist yet."""
    existing = nearest_existing(folder)
    try:
        with scratch(existing) as place:
            return [writing(place), renaming(place), locking(place), network(place)]
    except OSError as error:
        found = f"{existing} cannot be written: {error.strerror}"
        return [problem("Writing", found, f"make it writable for this user, or {_ELSEWHERE}")]


def writing(place: Path) -> Finding:
    """Whether files can be written and brought to the disk."""
    path = place / "written"
    started = time.monotonic()
    try:
        path.write_bytes(bytes(_BYTES))
        sync_file(path)
        sync_folder(place)
    except OSError as error:
        found = f"a file in {place.parent} cannot be written: {error.strerror}"
        return problem("Writing", found, _ELSEWHERE)
    milliseconds = 1000 * (time.monotonic() - started)
    return ok("Writing", f"{place.parent}: a file is on the disk after {milliseconds:.0f} ms")


def renaming(
    place: Path,
    rename: Callable[[Path, Path], None] = os.replace,
    seconds: float = RENAME_SECONDS,
) -> Finding:
    """Whether a file that is renamed over another is, at every moment, the old one or the new.

    Checkpoints, manifests and models are written under another name, and then renamed.

    Args:
        place: a folder to do it in.
        rename: what is to be checked.
        seconds: for how long one thread renames and another reads.
    """
    path, temporary = place / "renamed", place / "renaming"
    contents = [bytes([value]) * _BYTES for value in (1, 2)]
    path.write_bytes(contents[0])
    stop = threading.Event()
    done, failed = [0], []

    def write() -> None:
        try:
            while not stop.is_set():
                temporary.write_bytes(contents[done[0] % 2])
                rename(temporary, path)
                done[0] += 1
        except OSError as error:
            failed.append(f"renaming fails: {error.strerror}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not failed:
            try:
                if path.read_bytes() not in contents:
                    failed.append("a part of a file was seen under its final name")
            except OSError as error:
                failed.append(f"a file was not there for a moment: {error.strerror}")
    finally:
        stop.set()
        writer.join()
    if failed:
        found = f"{failed[0]}, after {done[0]} renamings"
        return problem("Renaming", found, f"{_ELSEWHERE}: a kill may leave damaged results here")
    return ok("Renaming", f"whole at every moment, {done[0]:,} times")


def locking(place: Path, lock: Callable[..., FileLock] = FileLock) -> Finding:
    """Whether a lock keeps other processes out, and ends with the process that holds it.

    Args:
        place: a folder to do it in.
        lock: what is to be checked: path and timeout in seconds to a context manager.
    """
    path = place / "lock"
    command = [sys.executable, "-c", _HOLDER, str(path)]
    holder = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        if holder.stdout.readline().strip() != "held":
            said = (holder.communicate()[1].strip().splitlines() or ["no reason given"])[-1]
            return problem("Locking", f"a file cannot be locked ({said})", _ELSEWHERE)
        if _can_take(lock, path, 0.1):
            advice = f"{_ELSEWHERE}, or never run two commands on one --workdir at a time"
            return problem("Locking", "two processes hold one lock at a time", advice)
    finally:
        holder.kill()
        holder.communicate()
    if not _can_take(lock, path, _PATIENCE):
        found = "a lock stays when its holder is killed"
        return problem("Locking", found, f"{_ELSEWHERE}: killed trainings could not go on here")
    return ok("Locking", "one holder at a time; a killed one lets go")


def network(place: Path, mounts: Path = Path("/proc/mounts")) -> Finding:
    """Whether the folder lies on a network's file system, where locks may end at the machine.

    Args:
        place: an existing folder.
        mounts: Linux' list of what is mounted.
    """
    point, kind, options = _mount_of(place, mounts)
    if kind not in _NETWORKS:
        return ok("File system", f"{kind or 'not known'}, at {point or place.anchor}")
    local = {"nolock", "local_lock=all", "local_lock=flock", "localflock", "noflock"}
    lost = local.intersection(options.split(","))
    if lost or kind == "fuse.sshfs":
        why = ", ".join(sorted(lost)) or kind
        return warning(
            "File system",
            f"{kind} at {point} ({why}): locks do not reach other machines",
            "do not share this --workdir between machines; on one machine it is safe",
        )
    return ok(
        "File system",
        f"{kind} at {point}, a network's: locks were tried between processes of this machine only",
    )


def _mount_of(place: Path, mounts: Path) -> tuple[str, str, str]:
    """Where the file system of a folder is mounted, its kind, and its options; "" if unknown."""
    found = ("", "", "")
    if not mounts.exists():
        return found
    place = place.resolve()
    for line in mounts.read_text().splitlines():
        _, point, kind, options, *_ = line.split()
        point = point.replace("\\040", " ")
        # The longest mount point counts, and of equals the last.
        if place.is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, kind, options)
    return found


def _can_take(lock: Callable[..., FileLock], path: Path, patience: float) -> bool:
    try:
        with lock(path, timeout=patience):
            return True
    except Timeout:
        return False
