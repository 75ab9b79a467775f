"""Every byte of a folder of records against its checksums."""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.files import sha256_file
from gan_knowledge_gaps.data.records.checksummed_json import read_checksummed
from gan_knowledge_gaps.data.records.manifest import fingerprint, read_manifest
from gan_knowledge_gaps.data.records.reader import RecordImages
from gan_knowledge_gaps.data.records.shard import index_name

_BATCH = 256


def damaged_shards(folder: Path, on_done: Callable[[int], None] = lambda images: None) -> list[str]:
    """Compares all shards with the manifest.

    Args:
        folder: A folder of records.
        on_done: Called with the number of images of each shard.

    Returns:
        A line for each shard that is missing or differs, with the numbers of the images in it that
        are damaged, counted from 0 within the shard.

    Raises:
        InputError: The manifest is missing or damaged.
    """
    shards = read_manifest(folder)["shards"]
    lines: list[str] = []
    for number, shard in enumerate(shards):
        lines += _damage(folder, shard, index_name(number, len(shards)))
        on_done(shard["images"])
    return lines


def check_pixels(folder: Path, on_done: Callable[[int], None] = lambda images: None) -> None:
    """Decodes every image and compares their pixels with the manifest's fingerprint.

    It tells whether this machine's decoder gives the very pixels that the conversion saw.

    Raises:
        InputError: They differ, or a file is damaged.
    """
    images, digests = RecordImages(folder), []
    for start in range(0, len(images), _BATCH):
        batch = images.read(np.arange(start, min(start + _BATCH, len(images))))
        digests += [hashlib.sha256(image.tobytes()).hexdigest() for image in batch]
        on_done(len(batch))
    if fingerprint(images.shape, digests) != images.fingerprint:
        raise InputError(
            f"the images of {folder} decode to other pixels here than where they were converted: "
            "convert again with this version of Pillow"
        )


def _damage(folder: Path, shard: dict[str, Any], index_file: str) -> Iterator[str]:
    path = folder / shard["name"]
    try:
        if sha256_file(path) == shard["sha256"]:
            read_checksummed(folder / index_file)
            return
    except OSError as error:
        yield f"{path}: {error.strerror}"
        return
    except InputError as error:
        yield str(error)
        return
    yield f"{path}: its contents differ from the manifest's SHA-256" + _which(
        path, folder / index_file
    )


def _which(path: Path, index_path: Path) -> str:
    try:
        index = read_checksummed(index_path)
    except InputError:
        return ""
    contents = path.read_bytes()
    frames = zip(index["offset"], index["length"], index["crc32"], strict=True)
    bad = [
        str(i)
        for i, (offset, length, crc) in enumerate(frames)
        if zlib.crc32(contents[offset : offset + length]) != crc
    ]
    return f", at images {', '.join(bad[:10])}{', ...' if len(bad) > 10 else ''}" if bad else ""
