"""A folder of image files, at any depth."""

import collections
import functools
import os
import zlib
from pathlib import Path

from gan_knowledge_gaps.data.errors import InputError, brief
from gan_knowledge_gaps.data.files import read_file
from gan_knowledge_gaps.data.labels import labels_digest, labels_of
from gan_knowledge_gaps.data.listing import LABEL_FILE, pictures_among
from gan_knowledge_gaps.data.picture import MAX_BYTES
from gan_knowledge_gaps.data.sorting import sort_key


class FolderSource:
    """Reads the image files below a folder, told by their suffix, sorted by path, 2 before 10.

    Hidden files and folders (a leading dot) are passed over. Links to folders are followed, each
    real folder once. The files are listed once, and read when they are asked for.

    Args:
        folder: An existing folder.
        labels: As for `data.labels.labels_of`.

    Raises:
        InputError: A folder below it is unreadable, there are no images, or the labels do not fit.
    """

    kind = "folder"

    def __init__(self, folder: Path, labels: str | None = None):
        self.folder = folder
        self.passed_over: collections.Counter[str] = collections.Counter()
        paths = _files_below(folder, self.passed_over)
        self.names = pictures_among(((path, path) for path in paths), self.passed_over, folder)
        label_file = folder / LABEL_FILE
        content = read_file(label_file, MAX_BYTES) if label_file.exists() else None
        self.labels = labels_of(self.names, labels, content, str(folder))
        self.contents = labels_digest(self.labels)

    @property
    def paths(self) -> list[str]:
        """Relative paths with forward slashes."""
        return self.names

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

    def head(self, i: int, count: int) -> bytes:
        """The first bytes of a file; b"" if it cannot be read."""
        path = self.folder / self.names[i]
        try:
            if path.is_file():  # a pipe might never answer
                with path.open("rb") as file:
                    return file.read(count)
        except OSError:  # reading the picture will say so
            pass
        return b""

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


def _files_below(folder: Path, passed_over: collections.Counter[str]) -> list[str]:
    """Relative paths of all files but those in hidden folders, which are counted."""
    seen: set = set()
    paths, starts = [], [""]
    while starts:  # the folder itself, then what links lead to: real folders keep their own paths
        start, links = starts.pop(0), []
        if start and _is_seen(folder / start, seen, passed_over):
            continue
        for parent, subfolders, files in os.walk(folder / start, onerror=_unreadable):
            seen.add(os.path.realpath(parent))
            relative = Path(parent).relative_to(folder)
            paths += [(relative / name).as_posix() for name in files]
            for name in list(subfolders):
                path = Path(parent, name)
                if name.startswith("."):
                    passed_over["hidden folders"] += 1
                elif path.is_symlink():
                    links.append((relative / name).as_posix())
                    continue
                elif not start or not _is_seen(path, seen, passed_over):
                    continue
                subfolders.remove(name)
        starts += sorted(links, key=sort_key)
    return paths


def _is_seen(folder: Path, seen: set[str], passed_over: collections.Counter[str]) -> bool:
    found = os.path.realpath(folder) in seen
    if found:
        passed_over["folders that another path leads to"] += 1
    return found


def _unreadable(error: OSError) -> None:
    raise InputError(f"cannot read {error.filename}: {error.strerror}") from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # a dangling link: reading it will say so
        return -1
