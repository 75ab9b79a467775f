"""Records as images, by random access."""

import functools
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.folder import existing_folder
from gan_knowledge_gaps.data.images import Images, checked_indices
from gan_knowledge_gaps.data.records.checksummed_json import read_checksummed
from gan_knowledge_gaps.data.records.manifest import read_manifest
from gan_knowledge_gaps.data.records.shard import index_name
from gan_knowledge_gaps.data.threads import map_in_order, usable_cores

_LOCATION = ("offset", "length", "image_offset", "image_length", "crc32")
_FEWEST_PER_THREAD = 8  # below that a thread costs more than it saves
_FOOTER_BYTES = 4  # of a TFRecord: the checksum of its contents


class RecordImages(Images):
    """Reads the images that `python -m data.convert` has written; needs no TensorFlow.

    Opening it checks the manifest, the indices, and the size of every shard; reading an image
    checks all bytes of its record. `data.records.verification` checks everything at once. Shards
    are read, not mapped: the system kills a process that reads a mapped file which was cut short.

    Args:
        folder: A folder of records.

    Raises:
        InputError: The folder is not one of records, is incomplete, or holds a damaged file; the
            message names it.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.data import RecordImages
        >>> images = RecordImages("records")  # python -m data.convert --output=records ...
        >>> images.shape
        (32, 32, 3)
        >>> images.read(np.array([5, 2])).shape
        (2, 32, 32, 3)
    """

    def __init__(self, folder: str | Path):
        folder = Path(folder)
        self.manifest = read_manifest(folder)
        self.shards = [folder / shard["name"] for shard in self.manifest["shards"]]
        indices = list(_checked_indices(folder, self.manifest["shards"]))
        # Of each image: its shard, then _LOCATION.
        self._locations = np.concatenate(
            [
                np.array(
                    [[number] * index["images"], *(index[name] for name in _LOCATION)], np.int64
                ).T
                for number, index in enumerate(indices)
            ]
        )  # [N, 6]
        self.labels = None
        if self.manifest["labels"]:
            self.labels = np.concatenate([index.get("label", []) for index in indices])
            self.labels = self.labels.astype(np.int64)
        self.groups = None
        if self.manifest.get("groups"):
            self.groups = np.array([group for index in indices for group in index.get("group", [])])

    def __len__(self) -> int:
        return len(self._locations)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image: (H, W, C)."""
        parameters = self.manifest["parameters"]
        return parameters["resolution"], parameters["resolution"], parameters["channels"]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the shape and each image's SHA-256 of its pixels, in hexadecimal.

        The conversion computed those; they depend neither on how the images are encoded nor on
        how they are spread over shards.
        """
        return self.manifest["fingerprint"]

    @property
    def paths(self) -> list[str]:
        """Paths of the files that the pictures were."""
        return [name for name, _ in self._names]

    @property
    def are_jpeg(self) -> list[bool]:
        """Whether each picture is stored as JPEG."""
        return [is_jpeg for _, is_jpeg in self._names]

    @functools.cached_property
    def _names(self) -> list[tuple[str, bool]]:
        """Of each picture its file's path and whether it is stored as JPEG.

        In a record they stand behind the picture, so that no picture is read.
        """
        import tensorflow as tf  # Only here: reading images takes no TensorFlow.

        names = []
        file: BinaryIO | None = None
        opened: int | None = None
        for number, offset, length, image_offset, image_length, _ in self._locations.tolist():
            if file is None or number != opened:
                if file is not None:
                    file.close()
                file, opened = _open(self.shards[number]), number
            behind = image_offset + image_length
            file.seek(behind)
            rest = file.read(offset + length - behind - _FOOTER_BYTES)
            # The features are sorted by name, and the picture's own is the first.
            features = tf.train.Features.FromString(rest).feature
            name = features["image/filename"].bytes_list.value[0].decode("utf-8", "surrogateescape")
            names.append((name, features["image/format"].bytes_list.value[0] == b"jpeg"))
        if file is not None:
            file.close()
        return names

    def contents(self, i: int) -> bytes:
        """The PNG or JPEG file of a picture, unchecked."""
        number, _, _, image_offset, image_length, _ = self._locations[i].tolist()
        with _open(self.shards[number]) as file:
            file.seek(image_offset)
            return file.read(image_length)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Reads, checks and decodes images, in threads.

        Args:
            indices: Integers [n], each from 0 to len(self) - 1.

        Returns:
            uint8 [n, H, W, C].

        Raises:
            IndexError: As `ArrayImages.read`.
            InputError: A record is damaged; the message names its shard.
        """
        indices = checked_indices(indices, len(self))
        images = np.empty((len(indices), *self.shape), np.uint8)
        # By place in the files: each is opened once per thread and read from front to back.
        order = np.argsort(indices, kind="stable")
        parts = np.array_split(order, min(usable_cores(), len(order) // _FEWEST_PER_THREAD) or 1)

        def read_part(positions: np.ndarray) -> None:
            records = self._records(indices[positions])
            for position, image in zip(positions, records, strict=True):
                images[position] = image

        for _ in map(read_part, parts) if len(parts) == 1 else map_in_order(read_part, parts):
            pass
        return images

    def _records(self, indices: np.ndarray) -> Iterator[np.ndarray]:
        file: BinaryIO | None = None
        opened: int | None = None
        try:
            for i in indices:
                number, offset, length, image_offset, image_length, crc = self._locations[
                    i
                ].tolist()
                if file is None or number != opened:
                    if file is not None:
                        file.close()
                    file, opened = _open(self.shards[number]), number
                file.seek(offset)
                frame = file.read(length)
                if len(frame) != length or zlib.crc32(frame) != crc:
                    raise self._damaged(number, i)
                start = image_offset - offset
                yield _decode(frame[start : start + image_length], self.shape)
        finally:
            if file is not None:
                file.close()

    def _damaged(self, number: int, i: int) -> InputError:
        return InputError(
            f"{self.shards[number]} is damaged at image {i}: python -m data.verify lists all "
            "damage, and the same python -m data.convert makes the shard again"
        )


def open_records(
    data_dir: str | None, resolution: int | None = None, channels: int | None = None
) -> tuple[RecordImages, np.ndarray | None]:
    """Opens a folder of records.

    Args:
        data_dir: The folder.
        resolution: Height and width that the records must have; default: whatever they have.
        channels: Their channels, likewise.

    Returns:
        The images, and labels int64 [N] or None.

    Raises:
        InputError: As `RecordImages`, or the records have another shape.
    """
    if data_dir is None:
        raise InputError(
            "records need --data_dir, a folder that python -m data.convert has written"
        )
    images = RecordImages(existing_folder(data_dir))
    for name, value in (("resolution", resolution), ("channels", channels)):
        there = images.manifest["parameters"][name]
        if value not in (None, there):
            raise InputError(
                f"{data_dir} holds images of --{name}={there}, not {value}: "
                "convert to another folder"
            )
    return images, images.labels


def _checked_indices(folder: Path, shards: list[dict]) -> Iterator[dict]:
    for number, shard in enumerate(shards):
        path = folder / shard["name"]
        if not path.is_file():
            raise InputError(f"{path} is missing: the same python -m data.convert makes it again")
        if path.stat().st_size != shard["bytes"]:
            raise InputError(
                f"{path} has {path.stat().st_size:,} bytes instead of {shard['bytes']:,}: "
                "the same python -m data.convert makes it again"
            )
        index = read_checksummed(folder / index_name(number, len(shards)))
        if (index["sha256"], index["images"]) != (shard["sha256"], shard["images"]):
            raise InputError(
                f"{folder / index_name(number, len(shards))} is of another conversion than the "
                "manifest: the same python -m data.convert makes it again"
            )
        yield index


def _open(path: Path):
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def _decode(contents: bytes, shape: tuple[int, int, int]) -> np.ndarray:
    with Image.open(io.BytesIO(contents), formats=("PNG", "JPEG")) as image:
        return np.asarray(image).reshape(shape)
