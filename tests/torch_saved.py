"""Writes what torch.save writes, instruction by instruction, without PyTorch."""

import io
import struct
import zipfile

import numpy as np

_CLASSES = {"float32": "FloatStorage", "float64": "DoubleStorage", "int64": "LongStorage"}


def text(value: str) -> bytes:
    """A string's instruction."""
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def number(value: int) -> bytes:
    """An integer's."""
    return b"J" + struct.pack("<i", value)


def group(*parts: bytes) -> bytes:
    """A tuple's."""
    return b"(" + b"".join(parts) + b"t"


def name(module: str, attribute: str) -> bytes:
    """A global name's."""
    return f"c{module}\n{attribute}\n".encode()


EMPTY = name("collections", "OrderedDict") + b")R"


def tensor(key: str, array: np.ndarray, **changes) -> bytes:
    """A tensor's, over the storage of a key; `changes` replace what it says of itself."""
    its = {"count": array.size, "size": array.shape, "offset": 0} | changes
    strides = [step // array.itemsize for step in array.strides]
    storage = group(
        text("storage"), name("torch", _CLASSES[array.dtype.name]), text(key), text("cpu"),
        number(its["count"]),
    )  # fmt: skip
    return (
        name("torch._utils", "_rebuild_tensor_v2")
        + group(
            storage + b"Q", number(its["offset"]), group(*map(number, its["size"])),
            group(*map(number, strides)), b"\x89", EMPTY,
        )
        + b"R"
    )  # fmt: skip


def pickled(items: dict[str, bytes]) -> bytes:
    """An OrderedDict with values by their instructions."""
    return b"\x80\x02" + EMPTY + b"(" + b"".join(text(k) + v for k, v in items.items()) + b"u."


def zipped(pickle: bytes, members: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    """A file of a pickle and its storages, or other members of its folder."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive:
        for member, contents in {"data.pkl": pickle, "byteorder": b"little", **members}.items():
            archive.writestr(f"archive/{member}", contents)
    return stream.getvalue()


def saved(tensors: dict[str, np.ndarray]) -> bytes:
    """The file of a state dict."""
    arrays = {
        f"data/{key}": np.ascontiguousarray(each) for key, each in enumerate(tensors.values())
    }
    items = {
        its: tensor(str(key), array)
        for key, (its, array) in enumerate(zip(tensors, arrays.values(), strict=True))
    }
    return zipped(pickled(items), {key: array.tobytes() for key, array in arrays.items()})
