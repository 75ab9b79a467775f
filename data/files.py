"""Writes files so that each is whole or not there, also after a kill."""

import contextlib
import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gan_knowledge_gaps.data.errors import InputError, brief
from gan_knowledge_gaps.data.leftovers import temporary_beside
from gan_knowledge_gaps.data.trouble import writing


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Writes a file under a temporary name and moves it to `path` once it is complete.

    Readers see the old file or the new one, never a part of it, even after a kill or a power cut.
    If the body raises, the temporary file is removed and `path` stays as it was. What killed
    processes left of writing `path` is removed; see `data.leftovers`.

    Args:
        path: The file to write, in a folder that exists.

    Yields:
        A path in the same folder, hidden, unique to this call, with the suffix of `path` (some
        writers choose the format by it). The body must create it as a file and close it.

    Raises:
        WriteError: The disk is full, or the file may not be written there; an InputError and an
            OSError, whatever library the body writes with.
        OSError: The folder does not exist, or the body made no file.
    """
    path = Path(path)
    with writing(path), temporary_beside(path, path.suffix) as temporary:
        yield temporary
        sync_file(temporary)
        temporary.replace(path)
        sync_folder(path.parent)


@contextlib.contextmanager
def whole_folder(output: Path) -> Iterator[Path]:
    """Makes a folder under a temporary name beside `output` and renames it once it is complete.

    Args:
        output: must not exist, or be an empty folder.

    Yields:
        The temporary folder, which exists. If the body raises, it is removed.

    Raises:
        InputError: there is something at `output`.
        WriteError: as `atomic_path`.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError(f"{output} exists already; give --output a new folder")
    with writing(output), temporary_beside(output.absolute()) as temporary:
        temporary.mkdir(parents=True)
        yield temporary
        for path in temporary.rglob("*"):
            if path.is_file():
                sync_file(path)
        if output.exists():
            output.rmdir()  # empty; Windows renames onto no folder
        temporary.rename(output)
        sync_folder(output.absolute().parent)


def read_file(path: str | os.PathLike, most: int) -> bytes:
    """Returns a file's contents.

    Args:
        path: A regular file: reading a pipe or a device may never end.
        most: How many bytes it may have.

    Raises:
        InputError: It is missing, unreadable, something else than a file, or larger.
    """
    path, contents = Path(path), None
    try:
        if stat.S_ISREG(path.stat().st_mode):
            with path.open("rb") as file:
                contents = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise InputError(f"cannot read {path}: {brief(error)}") from error
    if contents is None:
        raise InputError(f"cannot read {path}: it is no regular file; remove it")
    if len(contents) > most:
        raise InputError(f"{path} is larger than {most:,} bytes: remove it")
    return contents


def write_bytes(path: str | os.PathLike, data: bytes) -> None:
    """Writes a file atomically; see `atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike, text: str) -> None:
    r"""Writes a text file atomically, in UTF-8, with line ends as given.

    A byte of a file's name that is no UTF-8, 0xE9 say, which Python holds as U+DCE9, becomes the
    six characters `\udce9`.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: str | os.PathLike, value: Any) -> None:
    r"""Writes a JSON file atomically: indented by 2, keys in their order, newline at the end.

    File names that are no UTF-8 come back: JSON's escape `\udce9` is read as U+DCE9, which
    `os.fsencode`, and every function that opens a file, takes as the byte 0xE9.

    Raises:
        TypeError: `value` holds something that is not JSON, such as a NumPy number.
        ValueError: `value` holds NaN or an infinity, which JSON does not have; pass None.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def sha256_file(path: str | os.PathLike) -> str:
    """Returns the SHA-256 of a file's contents in hexadecimal, reading it piece by piece."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Waits until a file's contents are on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Makes a rename in the folder durable, where the system can do that."""
    if os.name == "nt":  # Windows does not open folders
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network mounts refuse
            raise
    finally:
        os.close(descriptor)
