"""Stand-ins for the names in a pickled PyTorch tensor: a strided view of a storage."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.pickles.arrays import check_shape, printable
from gan_knowledge_gaps.training.pickles.machine import AllowedGlobal

_DTYPES = {
    "Float": "<f4", "Double": "<f8", "Half": "<f2", "Long": "<i8", "Int": "<i4", "Short": "<i2",
    "Char": "i1", "Byte": "u1", "Bool": "?",
}  # fmt: skip


def tensor(elements: Any, offset: Any, size: Any, stride: Any, *_) -> np.ndarray:
    """torch._utils._rebuild_tensor_v2: a view of a storage, within its bounds."""
    if not isinstance(elements, np.ndarray) or elements.ndim != 1:
        raise InputError("it holds a tensor without a storage")
    for each in (size, stride, (offset,)):
        check_shape(each)
    if len(size) != len(stride):
        raise InputError("it holds a damaged tensor")
    if 0 in size:
        return np.zeros(size, elements.dtype)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if last >= len(elements) or math.prod(size) > len(elements):
        raise InputError("it holds a tensor that reaches beyond its storage")
    strides = [step * elements.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(elements[offset:], size, strides, writeable=False)


def parameter(data: Any, *_) -> np.ndarray:
    """torch._utils._rebuild_parameter: a tensor that is trained."""
    if not isinstance(data, np.ndarray):
        raise InputError("it holds a parameter that is no tensor")
    return data


KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): tensor,
    ("torch._utils", "_rebuild_parameter"): parameter,
}


class StorageClass(AllowedGlobal):
    """The class of a storage, which says what its elements are; only named, never called."""

    def __init__(self, name: str, dtype: np.dtype):
        super().__init__(name, _no_call)
        self.dtype = dtype


class StorageId:
    """The persistent id of a storage.

    Args:
        value: ("storage", class, key, device, count[, of what a view]), as the file says.

    Attributes:
        key: its name in the file.
        count: number of elements.
        dtype: of an element.
    """

    def __init__(self, value: Any):
        if not isinstance(value, tuple) or len(value) not in (5, 6):
            raise InputError("it holds a damaged tensor")
        word, kind, self.key, _, self.count = value[:5]
        if word != "storage" or not isinstance(kind, StorageClass) or not isinstance(self.key, str):
            raise InputError("it holds a damaged tensor")
        if value[5:] not in ((), (None,)):
            raise InputError("it holds a tensor whose storage is a part of another's")
        check_shape((self.count,))
        self.dtype = kind.dtype

    def elements(self, data: bytes | bytearray, start: int = 0) -> np.ndarray:
        """The storage, a view of bytes from `start` on."""
        if start + self.count * self.dtype.itemsize > len(data):
            raise InputError(f"it holds a tensor of {self.count} elements in {len(data)} bytes")
        return np.frombuffer(data, self.dtype, self.count, start)


def storage_class(module: str, name: str) -> StorageClass | None:
    """The class of a storage by its name; None where the name is of something else."""
    kind = name.removesuffix("Storage")
    if module in ("torch", "torch.storage") and kind != name and kind in _DTYPES:
        return StorageClass(f"{module}.{name}", np.dtype(_DTYPES[kind]))
    return None


def refuse(module: str, name: str) -> AllowedGlobal:
    """Raises `InputError`: a name for which there is no stand-in."""
    raise InputError(f"it asks for {printable(module)}.{printable(name)}, which is refused")


def _no_call(*_):
    raise InputError("it makes a storage in an unusual way, which is refused")
