"""MNIST, or any set in its format, whole: the training part, then the test part."""

import collections
import hashlib
import zlib
from pathlib import Path

import numpy as np

from gan_knowledge_gaps.data.errors import InputError, brief
from gan_knowledge_gaps.data.folder import existing_folder
from gan_knowledge_gaps.data.idx import read_idx
from gan_knowledge_gaps.data.picture import encode_png
from gan_knowledge_gaps.data.resize import add_channels, resize_gray

_PARTS = ("train", "t10k")
_SIDE = 28


def read_mnist(
    data_dir: str | None, resolution: int, channels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Reads MNIST from a folder of idx files, or through Keras, which downloads and caches it.

    The files, each plain or gzip, are train-images-idx3-ubyte, train-labels-idx1-ubyte,
    t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (also written train-images.idx3-ubyte and
    so on). Their structure is checked, not their contents: Fashion-MNIST and KMNIST work too.

    Args:
        data_dir: Folder of the files; None for Keras.
        resolution: Height and width; the 28x28 images are resized if it is another.
        channels: 1 or 3 (three equal ones).

    Returns:
        Images uint8 [N, resolution, resolution, channels], white on black, and labels
        int64 [N]. N is 60,000 + 10,000 for MNIST.

    Raises:
        InputError: A file is missing or damaged, the parts do not fit together, or the download
            failed.
    """
    parts = _download() if data_dir is None else _read_folder(existing_folder(data_dir))
    images = np.concatenate([images for images, _ in parts])  # [N, 28, 28]
    labels = np.concatenate([labels for _, labels in parts])  # [N]
    return add_channels(resize_gray(images, resolution), channels), labels.astype(np.int64)


class MnistSource:
    """The pictures of a folder of idx files, one by one, as PNG files with labels.

    Args:
        folder: As for `read_mnist`.

    Raises:
        InputError: As `read_mnist`.
    """

    kind = "idx"

    def __init__(self, folder: Path):
        self._folder = folder
        self.passed_over: collections.Counter[str] = collections.Counter()
        parts = _read_folder(folder)
        self._images = np.concatenate([images for images, _ in parts])  # [N, 28, 28]
        self.labels = np.concatenate([labels for _, labels in parts]).astype(np.int64)
        self.names = [
            f"{part}-images/{i:05d}"
            for part, (images, _) in zip(_PARTS, parts, strict=True)
            for i in range(len(images))
        ]
        self.sizes = [_SIDE * _SIDE] * len(self.names)
        # Fashion-MNIST has the same names and sizes.
        digest = hashlib.sha256(self._images.data)
        digest.update(self.labels.astype("<i8").data)
        self.contents = digest.hexdigest()

    def where(self, i: int) -> str:
        """What to call a picture in an error."""
        return f"{self.names[i]} in {self._folder}"

    @property
    def paths(self) -> list[str]:
        """The names again: these are no files."""
        return self.names

    def read(self, i: int) -> bytes:
        """Returns a picture as a PNG file."""
        return encode_png(self._images[i][..., None])

    def head(self, i: int, count: int) -> bytes:
        """The first bytes of that file."""
        return self.read(i)[:count]

    def checksum(self, i: int) -> tuple[int, int]:
        """Size and CRC-32 of a picture's pixels."""
        return self.sizes[i], zlib.crc32(self._images[i].tobytes())


def is_mnist_folder(folder: Path) -> bool:
    """Whether the first of the four files is there."""
    return any((folder / name).is_file() for name in _names(f"{_PARTS[0]}-images", "idx3-ubyte"))


def _read_folder(folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    return [_read_part(folder, part) for part in _PARTS]


def _read_part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    images_path = _find(folder, f"{part}-images", "idx3-ubyte")
    labels_path = _find(folder, f"{part}-labels", "idx1-ubyte")
    images = read_idx(images_path, rank=3)
    labels = read_idx(labels_path, rank=1)
    if images.shape[1:] != (_SIDE, _SIDE):
        height, width = images.shape[1:]
        raise InputError(
            f"{images_path} holds images of {height}x{width}, not 28x28: "
            "give files in MNIST's format, or load image files as the data set folder"
        )
    if len(images) != len(labels):
        raise InputError(
            f"{images_path} holds {len(images)} images but {labels_path.name} {len(labels)} "
            "labels: take both from the same data set"
        )
    return images, labels


def _names(stem: str, kind: str) -> list[str]:
    return [f"{stem}{dot}{kind}{suffix}" for dot in "-." for suffix in ("", ".gz")]


def _find(folder: Path, stem: str, kind: str) -> Path:
    names = _names(stem, kind)
    for name in names:
        if (folder / name).is_file():  # some archives unpack to folders of these names
            return folder / name
    raise InputError(
        f"no {names[0]} in {folder}: --data_dir must hold it (accepted names: {', '.join(names)})"
    )


def _download() -> list[tuple[np.ndarray, np.ndarray]]:
    try:
        # Imported here: reading files needs no TensorFlow.
        import keras

        return list(keras.datasets.mnist.load_data())
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise InputError(
            f"Keras cannot fetch MNIST ({brief(error)}): "
            "give --data_dir, a folder with the four idx files of MNIST"
        ) from error
