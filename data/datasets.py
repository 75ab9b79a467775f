"""Data sets by name, each split the same way once and for all."""

import difflib
import functools
import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from tqdm import tqdm

from gan_knowledge_gaps.data.digits import read_digits
from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.groups import groups_of
from gan_knowledge_gaps.data.images import ArrayImages, Images, Joined, Subset
from gan_knowledge_gaps.data.mnist import read_mnist
from gan_knowledge_gaps.data.pictures import open_folder
from gan_knowledge_gaps.data.records import open_records
from gan_knowledge_gaps.data.split import split

# Each opens a whole data set: (data_dir, resolution, channels) -> images, labels or None. Images
# are uint8 [N, H, W, C] in memory, or Images that read on demand.
DATASETS: dict[str, Callable[..., tuple[np.ndarray | Images, np.ndarray | None]]] = {
    "digits": read_digits,
    "mnist": read_mnist,
    "folder": open_folder,
    "records": open_records,
}
# Sets up to this size are held in memory, decoded: 1 GiB. A constant, and no question of the
# machine's memory, because the fingerprint depends on it.
MEMORY_BYTES = 2**30
_RESOLUTION, _CHANNELS = 28, 1
_READ_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split into images that train and images that evaluate.

    Attributes:
        name: One of DATASETS.
        train: 80 % of the images, for GANs and classifiers.
        evaluation: The other 20 %, for the evaluation of classifiers.
        train_labels: int64 [len(train)], read-only, or None.
        evaluation_labels: int64 [len(evaluation)], read-only, or None.
        groups: Of each image of `whole`, str [N], by which it is split; None: image by image.

    Example:
        >>> from gan_knowledge_gaps.data import load
        >>> digits = load("digits")
        >>> len(digits.train), len(digits.evaluation), digits.image_shape
        (1437, 360, (28, 28, 1))
    """

    name: str
    train: Images
    evaluation: Images
    train_labels: np.ndarray | None
    evaluation_labels: np.ndarray | None
    groups: np.ndarray | None = None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self.train.shape

    @functools.cached_property
    def whole(self) -> Images:
        """The images of both parts, in the order that they had before `load` split them."""
        return Subset(Joined([self.train, self.evaluation]), np.argsort(np.concatenate(self.parts)))

    @functools.cached_property
    def whole_labels(self) -> np.ndarray | None:
        """Labels of `whole`, int64, or None."""
        if self.train_labels is None:
            return None
        labels = np.concatenate([self.train_labels, self.evaluation_labels])
        return labels[np.argsort(np.concatenate(self.parts))]

    @functools.cached_property
    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Which images of `whole` are those of train and of evaluation, int64, in their order."""
        return split(len(self.train) + len(self.evaluation), self.groups)

    @property
    def train_groups(self) -> np.ndarray | None:
        """Groups of the images of train, str [len(train)], or None."""
        return None if self.groups is None else self.groups[self.parts[0]]

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
    name: str,
    data_dir: str | None = None,
    *,
    resolution: int | None = None,
    channels: int | None = None,
    resize_filter: str | None = None,
    labels: str | None = None,
    groups: str | None = None,
    common_size: int | None = None,
    patches: int | None = None,
) -> Dataset:
    """Loads a data set and splits it 80/20; see `data.split.split_indices` and `split_groups`.

    A set of at most `MEMORY_BYTES` (as pixels) is decoded into memory, and its fingerprint is of
    the pixels: however they were stored, the same pixels have the same fingerprint. A larger one is
    decoded as it is read, and its fingerprint is of its files; see `PictureImages.fingerprint` and
    `RecordImages.fingerprint`.

    Args:
        name: "digits" (bundled with scikit-learn), "mnist" (idx files, or Keras' download),
            "folder" (image files in a folder or in a zip file) or "records" (what
            `python -m data.convert` has written).
        data_dir: Folder of the files, for "folder" also a zip file; required for "folder" and
            "records", optional for "mnist".
        resolution: Height and width of the images; default: 28, or that of the records.
        channels: 1 (grey) or 3 (RGB); default: 1, or those of the records.
        resize_filter: "lanczos" (the default) or "box", for "folder" only.
        labels: "dataset.json", "folders" or "none", for "folder" only; by default those of a
            dataset.json, where there is one. See `data.labels.labels_of`.
        groups: What is kept together by the split, for "folder" and "records" only: a rule of
            `data.groups.groups_of`. Records that were converted with groups keep theirs.
        common_size: As for `data.resize.CropResize`, for "folder" only.
        patches: For "folder" only: how many patches are cut of each picture, in its own pixels, in
            place of its central square, resized. They are never held in memory.

    Returns:
        The data set, as uint8 images of [resolution, resolution, channels]; with patches, of
        [patches * resolution, resolution, channels], see `data.patches.Patches`.

    Raises:
        InputError: An argument or a file is at fault; the message says which.
    """
    if name not in DATASETS:
        raise InputError(_unknown(name))
    if name != "records":
        resolution = _RESOLUTION if resolution is None else resolution
        channels = _CHANNELS if channels is None else channels
        if resolution < 1:
            raise InputError(f"--resolution must be 1 or more, not {resolution}")
        if channels not in (1, 3):
            raise InputError(f"--channels must be 1 (grey) or 3 (RGB), not {channels}")
    given = {"resize_filter": resize_filter, "labels": labels, "common_size": common_size,
             "patches": patches}  # fmt: skip
    options = {option: value for option, value in given.items() if value is not None}
    if options and name != "folder":
        raise InputError(f"{name} takes no {' or '.join(options).replace('_', ' ')}: leave it out")
    if groups is not None and name not in ("folder", "records"):
        raise InputError(f"{name} takes no --groups, for its images have no names: leave it out")
    images, classes = DATASETS[name](data_dir, resolution, channels, **options)
    names = _groups(images, groups, data_dir)
    if not isinstance(images, np.ndarray) and patches is None and _fits(images):
        images = _read_all(images)
    train, evaluation = split(len(images), names)
    return Dataset(
        name=name,
        train=_part(images, train),
        evaluation=_part(images, evaluation),
        train_labels=_select(classes, train),
        evaluation_labels=_select(classes, evaluation),
        groups=names,
    )


def _groups(
    images: np.ndarray | Images, rule: str | None, data_dir: str | None
) -> np.ndarray | None:
    stored = getattr(images, "groups", None)
    if stored is not None or rule is None:
        return stored
    assert data_dir is not None  # which both kinds that have groups need
    return groups_of(cast(Any, images).paths, rule, data_dir)


def _fits(images: Images) -> bool:
    return len(images) * math.prod(images.shape) <= MEMORY_BYTES


def _read_all(images: Images) -> np.ndarray:
    """Reads every image; on a terminal, what takes long shows its progress."""
    array = np.empty((len(images), *images.shape), np.uint8)
    with tqdm(total=len(images), desc="read", unit=" images", disable=None, delay=2) as bar:
        for start in range(0, len(images), _READ_AT_ONCE):
            part = array[start : start + _READ_AT_ONCE]
            part[:] = images.read(np.arange(start, start + len(part)))
            bar.update(len(part))
    return array


def _part(images: np.ndarray | Images, indices: np.ndarray) -> Images:
    if isinstance(images, np.ndarray):
        return ArrayImages(images[indices])
    return Subset(images, indices)


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
