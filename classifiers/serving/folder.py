"""A folder that is whole or not there."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from data import InputError, sync_file, sync_folder


@contextlib.contextmanager
def whole_folder(output: Path) -> Iterator[Path]:
    """Makes a folder under a temporary name beside `output` and renames it once it is complete.

    Args:
        output: must not exist, or be an empty folder.

    Yields:
        The temporary folder, which exists. If the body raises, it is removed.

    Raises:
        InputError: there is something at `output`.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError(f"{output} exists already; give --output a new folder")
    unique = f"{os.getpid()}-{secrets.token_hex(4)}"
    temporary = output.absolute().with_name(f".{output.absolute().name}.{unique}")
    temporary.mkdir(parents=True)
    try:
        yield temporary
        for path in temporary.rglob("*"):
            if path.is_file():
                sync_file(path)
        if output.exists():
            output.rmdir()  # empty; Windows renames onto no folder
        temporary.rename(output)
        sync_folder(output.absolute().parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
