"""Names for files and folders that are being written, and removal of what killed processes left."""

import contextlib
import functools
import hashlib
import itertools
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

# .NAME.PID-ttttttttHOST.SUFFIX; earlier versions wrote no host.
_UNIQUE = r"(?P<pid>\d+)-[0-9a-f]{8}(?P<host>[0-9a-f]{8})?"
TEMPORARY = re.compile(rf"\..+\.{_UNIQUE}(\..+)?")
_DAY = 86400
_SEED, _COUNTER = secrets.randbits(32), itertools.count()
_mine: set[str] = set()  # names that this process is writing to


@contextlib.contextmanager
def temporary_beside(path: Path, suffix: str = "") -> Iterator[Path]:
    """Names a hidden path in the folder of `path`, unique to this call; the body makes it.

    Removes what killed processes left of writing `path` first, and what the body leaves, last.

    Args:
        path: What is written.
        suffix: The end of its name, to be kept; some writers choose the format by it.
    """
    stem = path.name.removesuffix(suffix)
    for leftover in _leftovers(path.parent, stem, suffix):
        remove(leftover)
    number = (_SEED + next(_COUNTER)) % 2**32
    name = f".{stem}.{os.getpid()}-{number:08x}{_host()}{suffix}"
    _mine.add(name)
    try:
        yield path.with_name(name)
    finally:
        remove(path.with_name(name))
        _mine.discard(name)


def remove(path: Path) -> None:
    """Removes a file, or a folder with all that is in it, as far as that can be done."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def is_left(path: Path) -> bool:
    """Whether a path has a temporary name, and the process that wrote to it has ended.

    This cannot be known of a process on another machine, or of an earlier version's: it counts as
    ended if nothing was written for a day.
    """
    match = TEMPORARY.fullmatch(path.name)
    if match is None or path.name in _mine:
        return False
    if match["host"] == _host() and os.name != "nt":  # where a query would end the process
        pid = int(match["pid"])
        return pid == os.getpid() or not _is_alive(pid)  # it had our number before us
    try:
        inside = path.rglob("*") if path.is_dir() else ()
        newest = max(each.lstat().st_mtime for each in (path, *inside))
    except OSError:  # it has just been finished
        return False
    return newest < time.time() - _DAY


def _leftovers(folder: Path, stem: str, suffix: str) -> list[Path]:
    name = re.compile(rf"\.{re.escape(stem)}\.{_UNIQUE}{re.escape(suffix)}")
    listed = _temporaries(folder.absolute(), int(time.monotonic()))
    return [path for path in listed if name.fullmatch(path.name) and is_left(path)]


@functools.lru_cache(maxsize=16)
def _temporaries(folder: Path, second: int) -> list[Path]:
    """All with such a name in a folder, listed once a second: many files may be written to it."""
    try:
        return [path for path in folder.iterdir() if TEMPORARY.fullmatch(path.name)]
    except OSError:
        return []


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        return True
    return True


@functools.cache
def _host() -> str:
    """Eight digits for the machine and, where containers share its name, its space of processes."""
    space = ""
    with contextlib.suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{platform.node()} {space}".encode()).hexdigest()[:8]
