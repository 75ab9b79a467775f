"""Where encoded pictures come from: a folder, a zip file, or MNIST's idx files."""

from typing import Protocol

import numpy as np

from data.archive import ZipSource
from data.folder import FolderSource, existing_folder, existing_path
from data.mnist import MnistSource, is_mnist_folder


class Source(Protocol):
    """A fixed list of encoded pictures.

    Attributes:
        kind: "folder", "zip" or "idx".
        names: Relative paths with forward slashes, in natural order.
        sizes: Bytes of each, as it is encoded.
        labels: int64 [N], or None.
        contents: A hash of what names and sizes do not tell apart; "" where they do.
    """

    kind: str
    names: list[str]
    sizes: list[int]
    labels: np.ndarray | None
    contents: str

    def where(self, i: int) -> str:
        """What to call a picture in an error."""

    def read(self, i: int) -> bytes:
        """Returns an encoded picture; InputError if it cannot be read."""

    def checksum(self, i: int) -> tuple[int, int]:
        """Size and CRC-32 of an encoded picture."""


def open_images(path: str, flag: str = "--data_dir") -> Source:
    """Opens a folder or a zip file of images.

    Args:
        path: Of the folder, or of a file that ends in .zip.
        flag: Who gave the path, for errors.

    Raises:
        InputError: It is missing, something else, unreadable or without images.
    """
    found = existing_path(path, flag)
    if found.is_file() and found.suffix.lower() == ".zip":
        return ZipSource(found)
    return FolderSource(existing_folder(path, flag))


def open_source(path: str, flag: str = "--source") -> Source:
    """Opens a folder or a zip file of images, or a folder of MNIST's four idx files.

    Raises:
        InputError: As `open_images`, or an idx file is damaged.
    """
    found = existing_path(path, flag)
    return MnistSource(found) if is_mnist_folder(found) else open_images(path, flag)
