"""The idx format, in which MNIST and its relatives (Fashion-MNIST, KMNIST) are published.

Two zero bytes, one byte for the type, one for the rank, then each dimension as a big-endian
32-bit number, then the values.
"""

import gzip
import math
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np

from gan_knowledge_gaps.data.errors import InputError, brief

_UNSIGNED_BYTES = 0x08
_GZIP_MAGIC = b"\x1f\x8b"
_PIECE = 2**20


def read_idx(path: Path, rank: int) -> np.ndarray:
    """Reads an idx file of unsigned bytes, plain or gzip (told by its contents, not its name).

    Args:
        path: The file.
        rank: Number of dimensions it must have: 3 for images, 1 for labels.

    Returns:
        uint8 array of that rank.

    Raises:
        InputError: The file cannot be read, is no idx file of unsigned bytes and of that rank,
            is empty, or is shorter or longer than its header says.
    """
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            return _parse(cast("IO[bytes]", gzip.open(file)) if zipped else file, path, rank)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path} is corrupt gzip ({brief(error)}): download it again") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def _parse(file: IO[bytes], path: Path, rank: int) -> np.ndarray:
    shape = _read_shape(file, path, rank)
    size = math.prod(shape)
    if size == 0:
        raise InputError(f"{path} is empty, of shape {shape}: download it again")
    # One byte more than promised, to see whether the file ends there.
    values = _read_at_most(file, size + 1)
    if len(values) < size:
        raise InputError(
            f"{path} is cut short: {len(values)} of the {size} values that its header promises; "
            "download it again"
        )
    if len(values) > size:
        raise InputError(
            f"{path} goes on after the {size} values that its header promises; download it again"
        )
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read_shape(file: IO[bytes], path: Path, rank: int) -> tuple[int, ...]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise InputError(
            f"{path} is not an idx file: it begins with {magic.hex(' ') or 'nothing'}, "
            f"not with 00 00 08 0{rank}"
        )
    if magic[2] != _UNSIGNED_BYTES:
        raise InputError(
            f"{path} holds values of type 0x{magic[2]:02x}; give one of unsigned bytes (0x08)"
        )
    if magic[3] != rank:
        raise InputError(
            f"{path} has {magic[3]} dimensions instead of {rank}: are images (3) and labels (1) "
            "mixed up?"
        )
    dimensions = file.read(4 * rank)
    if len(dimensions) < 4 * rank:
        raise InputError(f"{path} is cut short within its header; download it again")
    return tuple(np.frombuffer(dimensions, ">u4").tolist())


def _read_at_most(file: IO[bytes], size: int) -> bytearray:
    """Reads piece by piece: asked for all at once, Python would allocate what a header claims."""
    values = bytearray()
    while len(values) < size:
        piece = file.read(min(_PIECE, size - len(values)))
        if not piece:
            break
        values += piece
    return values
