"""A folder of image files, at any depth."""

import functools
import os
import zlib
from pathlib import Path

from data.errors import InputError, brief
from data.files import read_file
from data.natural_order import natural_key
from data.picture import MAX_BYTES, SUFFIXES, is_image_name


class FolderSource:
    """Every PNG, JPEG, WebP and BMP file below a folder, in the natural order of relative paths.

    Hidden files and folders (a leading dot) and links to folders are passed over. The files are
    listed once, and read when they are asked for.

    Args:
        folder: An existing folder.

    Raises:
        InputError: A folder below it is unreadable, or there are no images.
    """

    kind = "folder"
    labels = None
    contents = ""

    def __init__(self, folder: Path):
        self.folder = folder
        self.names = sorted(_image_names(folder), key=natural_key)
        if not self.names:
            raise InputError(f"no images in {folder}: it needs {', '.join(SUFFIXES)} files")

    @functools.cached_property
    def sizes(self) -> list[int]:
        """Bytes of each file; -1 where that cannot be found out."""
        return [_size(self.folder / name) for name in self.names]

    def where(self, i: int) -> str:
        """What to call a picture in an error."""
        return str(self.folder / self.names[i])

    def read(self, i: int) -> bytes:
        """Returns the contents of a file; InputError if it cannot be read."""
        return read_file(self.where(i), MAX_BYTES)

    def checksum(self, i: int) -> tuple[int, int]:
        """Size and CRC-32 of a file, which is read for it."""
        contents = self.read(i)
        return len(contents), zlib.crc32(contents)


def existing_folder(data_dir: str, flag: str = "--data_dir") -> Path:
    """Returns the folder as a path, or raises an InputError if it is missing or none."""
    path = existing_path(data_dir, flag)
    if not path.is_dir():
        raise InputError(f"{flag} {path} is not a folder: give the folder it is in")
    return path


def existing_path(data_dir: str, flag: str) -> Path:
    """Returns the file or folder as a path, or raises an InputError if there is none."""
    if not str(data_dir):
        raise InputError(f"{flag} is empty: give a folder")
    try:
        path = Path(data_dir).expanduser()
        if not path.exists():
            raise InputError(f"{flag} {path} does not exist: give an existing folder")
    except (OSError, RuntimeError) as error:  # a name too long, ~ of an unknown user, ...
        raise InputError(f"cannot use {flag} {data_dir} ({brief(error)}): give another") from error
    return path


def _image_names(folder: Path) -> list[str]:
    names = []
    for parent, subfolders, files in os.walk(folder, onerror=_unreadable):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        relative = Path(parent).relative_to(folder)
        names += [(relative / name).as_posix() for name in files if is_image_name(name)]
    return names


def _unreadable(error: OSError) -> None:
    raise InputError(f"cannot read {error.filename}: {error.strerror}") from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # a dangling link: reading it will say so
        return -1
