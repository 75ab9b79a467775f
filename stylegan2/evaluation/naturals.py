"""The natural images that a generator is held against, and what is known of their files."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

import data
from data import Images, InputError
from data.records.manifest import MANIFEST, read_manifest
from data.records.sealed import read_sealed
from data.records.shard import index_name
from data.resize import FILTERS
from data.sources import open_images
from stylegan2.config import NetworkConfig

CHOICE = 0  # key of the fixed random order in which natural images are taken
_JPEG = re.compile(r"\.jpe?g$", re.IGNORECASE)
_PLACE = ("offset", "length", "image_offset", "image_length")
_FOOTER_BYTES = 4  # of a TFRecord: the checksum of its contents


@dataclasses.dataclass(frozen=True, eq=False)
class Naturals:
    """Natural images of one split.

    Attributes:
        images: in the order in which they are taken.
        labels: int64 [len(images)], or None.
        path: where they come from.
        fingerprint: of the whole data set.
        split: train, evaluation or all.
        resize_filter: by which they got their size.
        files: images of the whole data set.
        jpeg_files: how many of them were JPEG files once, by their names and formats.
    """

    images: Images
    labels: np.ndarray | None
    path: str
    fingerprint: str
    split: str
    resize_filter: str
    files: int
    jpeg_files: int


class Joined(Images):
    """Some images of several parts, in a given order.

    Args:
        parts: lists of images of one shape.
        order: integers [n] into the parts one after another.
    """

    def __init__(self, parts: list[Images], order: np.ndarray):
        self._parts, self._order = parts, order
        self._starts = np.cumsum([0, *map(len, parts)])

    def __len__(self) -> int:
        return len(self._order)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        return self._parts[0].shape

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Images at the indices [n], uint8 [n, H, W, C]."""
        chosen = self._order[indices]
        images = np.empty((len(chosen), *self.shape), np.uint8)
        for part, start in zip(self._parts, self._starts[:-1], strict=True):
            here = (start <= chosen) & (chosen < start + len(part))
            if here.any():
                images[here] = part.read(chosen[here] - start)
        return images


def open_naturals(
    path: str, network: NetworkConfig, split: str, resize_filter: str | None = None
) -> Naturals:
    """Opens a folder, a zip or records at a network's resolution.

    Args:
        path: of the images.
        network: whose resolution and colours they get.
        split: train, evaluation or all.
        resize_filter: lanczos (default) or box; records have one already.

    Raises:
        InputError: the images cannot be read, or are of another resolution or filter.
    """
    if resize_filter not in (None, *FILTERS):
        raise InputError(f"--filter is {resize_filter}; it must be one of {', '.join(FILTERS)}")
    size = {"resolution": network.resolution, "channels": network.channels}
    if (Path(path) / MANIFEST).exists():
        dataset = data.load("records", path, **size)
        manifest = read_manifest(Path(path))
        stored = manifest["parameters"]["filter"]
        if resize_filter not in (None, stored):
            raise InputError(
                f"the records of {path} were made by --filter={stored}, not {resize_filter}: "
                "convert the images again"
            )
        names = list(_names_of_records(Path(path), manifest))
    else:
        stored = resize_filter or "lanczos"
        names = open_images(path, "--data").names
        dataset = data.load("folder", path, **size, resize_filter=stored)
    parts = {
        "train": [(dataset.train, dataset.train_labels)],
        "evaluation": [(dataset.evaluation, dataset.evaluation_labels)],
    }
    parts["all"] = parts["train"] + parts["evaluation"]
    images = [part for part, _ in parts[split]]
    order = data.permutation(sum(map(len, images)), CHOICE)
    labels = None
    if dataset.train_labels is not None:
        labels = np.concatenate([each for _, each in parts[split]])[order]
    return Naturals(
        Joined(images, order), labels, path, dataset.fingerprint, split, stored, len(names),
        sum(bool(_JPEG.search(name)) for name in names),
    )  # fmt: skip


def _names_of_records(folder: Path, manifest: dict) -> Iterator[str]:
    """The name of each picture's file, or its format where that is JPEG.

    In a record they stand behind the picture, so that no picture is read.
    """
    shards = manifest["shards"]
    for number, shard in enumerate(shards):
        index = read_sealed(folder / index_name(number, len(shards)))
        places = zip(*(index[column] for column in _PLACE), strict=True)
        with (folder / shard["name"]).open("rb") as file:
            for offset, length, image_offset, image_length in places:
                behind = image_offset + image_length
                file.seek(behind)
                rest = file.read(offset + length - behind - _FOOTER_BYTES)
                # The features are sorted by name, and the picture's own is the first.
                features = tf.train.Features.FromString(rest).feature
                name = features["image/filename"].bytes_list.value[0]
                kind = features["image/format"].bytes_list.value[0]
                yield ".jpeg" if kind == b"jpeg" else name.decode("utf-8", "replace")
