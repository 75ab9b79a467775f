"""A zip file of images, read as it is."""

import functools
import threading
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from data.errors import InputError
from data.natural_order import natural_key
from data.picture import MAX_BYTES, SUFFIXES, is_image_name

_ENCRYPTED = 0x1


class ZipSource:
    """Every PNG, JPEG, WebP and BMP file in a zip file, in the natural order of paths.

    Like a folder unzipped from it: of entries of one name the last counts, hidden ones are passed
    over. Nothing is ever unpacked to the disk.

    Args:
        path: An existing file.

    Raises:
        InputError: It is no zip file, cut short, encrypted, without images, or names a file outside
            of itself.
    """

    kind = "zip"
    labels = None
    contents = ""

    def __init__(self, path: Path):
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise InputError(f"cannot read {path} as a zip file ({error}): get it anew") from error
        self._lock = threading.Lock()  # zipfile promises nothing to threads
        self.names = sorted(self._image_names(), key=natural_key)
        if not self.names:
            raise InputError(f"no images in {path}: it needs {', '.join(SUFFIXES)} files")

    @functools.cached_property
    def sizes(self) -> list[int]:
        """Bytes of each file, uncompressed."""
        return [self._zip.getinfo(name).file_size for name in self.names]

    def where(self, i: int) -> str:
        """What to call a picture in an error."""
        return f"{self.names[i]} in {self.path}"

    def read(self, i: int) -> bytes:
        """Returns the contents of a file; InputError if it cannot be read."""
        entry = self._zip.getinfo(self.names[i])
        if entry.file_size > MAX_BYTES:
            raise InputError(f"{self.where(i)} is larger than {MAX_BYTES:,} bytes: take it away")
        try:
            with self._lock:
                return self._zip.read(entry)
        except (
            zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError,
        ) as error:  # fmt: skip
            raise InputError(f"cannot read {self.where(i)} ({error}): get the zip anew") from error

    def checksum(self, i: int) -> tuple[int, int]:
        """Size and CRC-32 of a file, from the zip's own directory."""
        entry = self._zip.getinfo(self.names[i])
        return entry.file_size, entry.CRC

    def _image_names(self) -> list[str]:
        for entry in self._zip.infolist():
            name = PurePosixPath(entry.filename.replace("\\", "/"))
            drive = str(name)[1:2] == ":"  # C:file, C:/file
            if name.is_absolute() or ".." in name.parts or drive:
                raise InputError(
                    f"{self.path} names a file outside of itself, {entry.filename!r}: "
                    "get the zip from a source you trust"
                )
            if entry.flag_bits & _ENCRYPTED:
                raise InputError(f"{self.path} is encrypted: unzip it and give the folder")
        return [name for name in self._zip.NameToInfo if is_image_name(name)]
