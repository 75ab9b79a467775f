"""One shard: a TFRecord file, and the index that says where in it each image lies.

The index is written after the shard and tells whether it is finished. For each image it holds, in
lists of one length,

offset, length                where its record lies: header, data and footer
image_offset, image_length    where in the shard its PNG or JPEG file lies
crc32                         of the whole record
pixels_sha256                 of its decoded pixels
label                         where the source has labels
group                         where the conversion was given groups
"""

import hashlib
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gan_knowledge_gaps.data.errors import InputError, brief
from gan_knowledge_gaps.data.files import sha256_file
from gan_knowledge_gaps.data.records.checksummed_json import read_checksummed, write_checksummed
from gan_knowledge_gaps.data.records.example import Bad, Encoded, serialize
from gan_knowledge_gaps.data.records.framing import HEADER_BYTES, frames

_COLUMNS = ("offset", "length", "image_offset", "image_length", "crc32", "pixels_sha256")


def shard_name(number: int, count: int) -> str:
    """File name of a shard."""
    return f"images-{number:05d}-of-{count:05d}"


def index_name(number: int, count: int) -> str:
    """File name of a shard's index."""
    return f"index-{number:05d}-of-{count:05d}.json"


def write_shard(
    path: Path, pictures: Iterable[Encoded | Bad], shape: tuple[int, int, int]
) -> dict[str, Any]:
    """Writes a TFRecord file, reads it once more, and returns its index.

    Args:
        path: The file, under a temporary name.
        pictures: Those that go into it, and those that could not be read.
        shape: (H, W, C) of each.

    Raises:
        InputError: The disk is full, or another failure of TensorFlow's writer.
    """
    import tensorflow as tf

    images, skipped = [], []
    try:
        with tf.io.TFRecordWriter(os.fsencode(path)) as writer:
            for picture in pictures:
                if isinstance(picture, Bad):
                    skipped.append({"filename": picture.filename, "reason": picture.reason})
                else:
                    example = serialize(picture, *shape[:2])
                    writer.write(example)
                    images.append(_image_entry(picture, example))
    except tf.errors.OpError as error:
        raise InputError(
            f"cannot write to {path.parent} ({brief(error.message)}): make room; the same command "
            "goes on"
        ) from error
    return _index(path, images, skipped)


def _image_entry(picture: Encoded, example: bytes) -> dict[str, Any]:
    """What the index holds of an image; a shard's pictures are not held in memory."""
    entry = {
        "image_offset": HEADER_BYTES + example.index(picture.contents),  # in its record, so far
        "image_length": len(picture.contents),
        "pixels_sha256": picture.pixels_sha256,
        "kept": picture.kept,
    }
    optional = {"label": picture.label, "group": picture.group}
    return entry | {name: value for name, value in optional.items() if value is not None}


def _index(path: Path, images: list[dict[str, Any]], skipped: list[dict]) -> dict[str, Any]:
    """Reads the records back and joins where they lie with what is known of their images."""
    size, digest = path.stat().st_size, hashlib.sha256()
    with path.open("rb") as file:
        for image, (offset, frame) in zip(images, frames(file, size), strict=True):
            digest.update(frame)
            image |= {"offset": offset, "length": len(frame), "crc32": zlib.crc32(frame)}
            image["image_offset"] += offset
    columns = [*_COLUMNS, *(name for name in ("label", "group") if images and name in images[0])]
    return {
        "images": len(images),
        "kept": sum(image["kept"] for image in images),
        "bytes": size,
        "sha256": digest.hexdigest(),
        "skipped": skipped,
        **{name: [image[name] for image in images] for name in columns},
    }


def finished_index(folder: Path, number: int, count: int, key: str) -> dict[str, Any] | None:
    """Returns a shard's index if the shard is finished, unchanged and was made from `key`."""
    shard = folder / shard_name(number, count)
    try:
        index = read_checksummed(folder / index_name(number, count))
        if index["made_from"] != key or shard.stat().st_size != index["bytes"]:
            return None
        return index if sha256_file(shard) == index["sha256"] else None
    except (InputError, OSError):
        return None


def write_index(folder: Path, number: int, count: int, key: str, index: dict[str, Any]) -> None:
    """Writes the index beside its shard; from now on the shard is finished."""
    write_checksummed(folder / index_name(number, count), {"made_from": key, **index})
