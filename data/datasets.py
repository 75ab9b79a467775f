"""Data sets by name, each split the same way once and for all."""

import difflib
import functools
import hashlib
from dataclasses import dataclass

import numpy as np

from data.digits import read_digits
from data.errors import InputError
from data.folder import read_folder
from data.images import ArrayImages
from data.mnist import read_mnist
from data.split import split_indices

# Each reads a whole data set: (data_dir, resolution, channels) -> images, labels or None.
DATASETS = {"digits": read_digits, "mnist": read_mnist, "folder": read_folder}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Natural images, split.

    Attributes:
        name: One of DATASETS.
        train: 80 % of the images, for GANs and classifiers.
        evaluation: The other 20 %, for the evaluation of classifiers.
        train_labels: int64 [len(train)], read-only, or None.
        evaluation_labels: int64 [len(evaluation)], read-only, or None.
    """

    name: str
    train: ArrayImages
    evaluation: ArrayImages
    train_labels: np.ndarray | None
    evaluation_labels: np.ndarray | None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self.train.shape

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal over the images and labels of both parts; not over the name."""
        digest = hashlib.sha256()
        for images, labels in (
            (self.train, self.train_labels),
            (self.evaluation, self.evaluation_labels),
        ):
            digest.update(f"{images.fingerprint} {labels is not None}\n".encode())
            if labels is not None:
                digest.update(labels.astype("<i8").tobytes())
        return digest.hexdigest()


def load(
    name: str, data_dir: str | None = None, *, resolution: int = 28, channels: int = 1
) -> Dataset:
    """Loads a data set and splits it 80/20; see `data.split.split_indices`.

    Args:
        name: "digits" (bundled with scikit-learn), "mnist" (idx files, or Keras' download) or
            "folder" (image files).
        data_dir: Folder of the files; required for "folder", optional for "mnist".
        resolution: Height and width of the images.
        channels: 1 (grey) or 3 (RGB).

    Returns:
        The data set, in memory, as uint8 images of [resolution, resolution, channels].

    Raises:
        InputError: An argument or a file is at fault; the message says which.
    """
    if name not in DATASETS:
        raise InputError(_unknown(name))
    if resolution < 1:
        raise InputError(f"--resolution must be 1 or more, not {resolution}")
    if channels not in (1, 3):
        raise InputError(f"--channels must be 1 (grey) or 3 (RGB), not {channels}")
    images, labels = DATASETS[name](data_dir, resolution, channels)
    train, evaluation = split_indices(len(images))
    return Dataset(
        name=name,
        train=ArrayImages(images[train]),
        evaluation=ArrayImages(images[evaluation]),
        train_labels=_select(labels, train),
        evaluation_labels=_select(labels, evaluation),
    )


def _select(labels: np.ndarray | None, indices: np.ndarray) -> np.ndarray | None:
    if labels is None:
        return None
    selected = labels[indices]
    selected.flags.writeable = False
    return selected


def _unknown(name: str) -> str:
    similar = difflib.get_close_matches(name, DATASETS, n=1)
    suggestion = f"did you mean {similar[0]}? " if similar else ""
    return f"no data set is called {name!r}: {suggestion}choose one of {', '.join(DATASETS)}"
