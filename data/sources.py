"""Where encoded pictures come from: a folder, a zip file, or MNIST's idx files."""

import collections
import re
from pathlib import Path
from typing import Protocol

import numpy as np

from gan_knowledge_gaps.data.archive import ZipSource
from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.folder import FolderSource, existing_folder, existing_path
from gan_knowledge_gaps.data.mnist import MnistSource, is_mnist_folder
from gan_knowledge_gaps.data.threads import map_in_order

_ZIP = b"PK\x03\x04"
_JPEG = b"\xff\xd8\xff"
_USTAR = 257  # where a tar file says what it is
_TAR = re.compile(r"\.(tar|t[bgx]z|7z|rar|(tar\.)?(gz|bz2|xz|zst))$", re.IGNORECASE)


class Source(Protocol):
    """A fixed list of encoded pictures.

    Attributes:
        kind: "folder", "zip" or "idx".
        names: What pictures are called there, sorted by path, 2 before 10.
        contents: A hash of what names and sizes do not tell apart; "" where they do.
        passed_over: How many files are not read, by kind.
    """

    kind: str
    names: list[str]
    contents: str
    passed_over: collections.Counter[str]

    @property
    def paths(self) -> list[str]:
        """Relative paths with forward slashes, of each."""

    @property
    def sizes(self) -> list[int]:
        """Bytes of each, as it is encoded."""

    @property
    def labels(self) -> np.ndarray | None:
        """int64 [N], or None."""

    def where(self, i: int) -> str:
        """What to call a picture in an error."""

    def read(self, i: int) -> bytes:
        """Returns an encoded picture; InputError if it cannot be read."""

    def head(self, i: int, count: int) -> bytes:
        """The first bytes of an encoded picture; b"" if it cannot be read."""

    def checksum(self, i: int) -> tuple[int, int]:
        """Size and CRC-32 of an encoded picture."""


def open_images(path: str, flag: str = "--data_dir", labels: str | None = None) -> Source:
    """Opens a folder or a zip file of images.

    Args:
        path: Of the folder, or of a zip file, whatever its name.
        flag: Who gave the path, for errors.
        labels: As for `data.labels.labels_of`.

    Raises:
        InputError: It is missing, something else, unreadable or without images, or the labels do
            not fit.
    """
    found = existing_path(path, flag)
    if not is_archive(found):
        return FolderSource(existing_folder(path, flag), labels)
    if _is_other_archive(found):
        raise InputError(f"{flag} {path} is no zip file: unpack it and give the folder")
    return ZipSource(found, labels)


def open_source(path: str, flag: str = "--source", labels: str | None = None) -> Source:
    """Opens a folder or a zip file of images, or a folder of MNIST's four idx files.

    Raises:
        InputError: As `open_images`, or an idx file is damaged.
    """
    found = existing_path(path, flag)
    if is_mnist_folder(found):
        if labels is not None:
            raise InputError("--labels is for folders and zip files: idx files have their own")
        return MnistSource(found)
    return open_images(path, flag, labels)


def count_jpeg(source: Source) -> int:
    """How many pictures are JPEG files by their contents, whatever they are called."""
    heads = map_in_order(lambda i: source.head(i, len(_JPEG)), range(len(source.names)))
    return sum(head == _JPEG for head in heads)


def is_archive(path: Path) -> bool:
    """Whether a file is a zip, tar or another archive, by its name or its first bytes."""
    if not path.is_file():
        return False
    is_zip = path.suffix.lower() == ".zip" or _head(path).startswith(_ZIP)
    return is_zip or _is_other_archive(path)


def _is_other_archive(path: Path) -> bool:
    return bool(_TAR.search(path.name)) or _head(path)[_USTAR : _USTAR + 5] == b"ustar"


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(512)
    except OSError:  # whoever reads the file will say so
        return b""
