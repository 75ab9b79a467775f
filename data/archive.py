"""A zip file of images, read as it is."""

import collections
import functools
import threading
import zipfile
from pathlib import Path, PurePosixPath

from gan_knowledge_gaps.data.errors import InputError, brief
from gan_knowledge_gaps.data.labels import labels_digest, labels_of
from gan_knowledge_gaps.data.listing import LABEL_FILE, pictures_among
from gan_knowledge_gaps.data.picture import MAX_BYTES

_ENCRYPTED = 0x1


class ZipSource:
    """Reads the image files of a zip file, told by their suffix, sorted by path, 2 before 10.

    Like a folder unzipped from it: of entries of one name the last counts, hidden ones are passed
    over. Nothing is ever unpacked to the disk.

    Args:
        path: An existing file.
        labels: As for `data.labels.labels_of`.

    Raises:
        InputError: It is no zip file, cut short, encrypted, without images, or names a file outside
            of itself, or the labels do not fit.
    """

    kind = "zip"

    def __init__(self, path: Path, labels: str | None = None):
        self.path = path
        self.passed_over: collections.Counter[str] = collections.Counter()
        try:
            self._zip = zipfile.ZipFile(path)
        except Exception as error:  # zipfile raises half a dozen types on damaged files
            raise InputError(
                f"cannot read {path} as a zip file ({brief(error)}): download or copy it again"
            ) from error
        self._lock = threading.Lock()  # zipfile promises nothing to threads
        self._paths = {}  # of each name, with forward slashes, whatever Windows wrote
        for entry in self._zip.infolist():
            self._paths[entry.filename] = self._checked_path(entry)
        files = ((name, path) for name, path in self._paths.items() if not path.endswith("/"))
        self.names = pictures_among(files, self.passed_over, path)
        has_file = LABEL_FILE in self._paths
        content = self._read(LABEL_FILE, f"{LABEL_FILE} in {path}") if has_file else None
        self.labels = labels_of(self.paths, labels, content, str(path))
        self.contents = labels_digest(self.labels)

    @property
    def paths(self) -> list[str]:
        """Relative paths with forward slashes."""
        return [self._paths[name] for name in self.names]

    @functools.cached_property
    def sizes(self) -> list[int]:
        """Bytes of each file, uncompressed."""
        return [self._zip.getinfo(name).file_size for name in self.names]

    def where(self, i: int) -> str:
        """What to call a picture in an error."""
        return f"{brief(self.names[i])} in {self.path}"

    def read(self, i: int) -> bytes:
        """Returns the contents of a file; InputError if it cannot be read."""
        return self._read(self.names[i], self.where(i))

    def _read(self, name: str, where: str) -> bytes:
        entry = self._zip.getinfo(name)
        if entry.file_size > MAX_BYTES:
            raise InputError(f"{where} is larger than {MAX_BYTES:,} bytes: remove it")
        try:
            with self._lock:
                return self._zip.read(entry)
        except Exception as error:  # each compression raises its own types on damaged files
            raise InputError(
                f"cannot read {where} ({brief(error)}): copy the zip again, or zip it with deflate"
            ) from error

    def head(self, i: int, count: int) -> bytes:
        """The first bytes of a file; b"" if it cannot be read."""
        try:
            with self._lock, self._zip.open(self.names[i]) as file:
                return file.read(count)
        except Exception:  # as many types as compressions; reading the picture will say so
            return b""

    def checksum(self, i: int) -> tuple[int, int]:
        """Size and CRC-32 of a file, from the zip's own directory."""
        entry = self._zip.getinfo(self.names[i])
        return entry.file_size, entry.CRC

    def _checked_path(self, entry: zipfile.ZipInfo) -> str:
        path = entry.filename.replace("\\", "/")
        name = PurePosixPath(path)
        drive = path[1:2] == ":"  # C:file, C:/file
        if name.is_absolute() or ".." in name.parts or drive:
            raise InputError(
                f"{self.path} names a file outside of itself, {brief(repr(entry.filename))}: "
                "get the zip from a source you trust"
            )
        if entry.flag_bits & _ENCRYPTED:
            raise InputError(f"{self.path} is encrypted: unzip it and give the folder")
        return path
