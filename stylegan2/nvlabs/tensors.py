"""Stand-ins for the names in a pickled PyTorch tensor.

A tensor is a strided view of a storage; a storage is a small file of its own within the pickle, as
`torch.save` wrote them before PyTorch 1.6: four pickles (a magic number, a version, facts about the
system, the storage), a pickled list of keys, then for each key the number of elements, int64, and
the elements.
"""

import io
import math
from typing import Any

import numpy as np

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.nvlabs.arrays import check_shape, printable
from gan_knowledge_gaps.stylegan2.nvlabs.machine import AllowedGlobal, run

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_DTYPES = {
    "Float": "<f4", "Double": "<f8", "Half": "<f2", "Long": "<i8", "Int": "<i4", "Short": "<i2",
    "Char": "i1", "Byte": "u1", "Bool": "?",
}  # fmt: skip


def storage(data: Any) -> np.ndarray:
    """torch.storage._load_from_bytes: the elements, a view of the data."""
    if not isinstance(data, bytes | bytearray):
        raise InputError("it holds a damaged tensor")
    stream = io.BytesIO(data)
    if run(stream, _find) != _MAGIC or run(stream, _find) != _VERSION:
        raise InputError("it holds a tensor of an unknown format")
    run(stream, _find)
    identity = run(stream, _find, _Identity)
    keys = run(stream, _find)
    if not isinstance(identity, _Identity) or keys != [identity.key]:
        raise InputError("it holds a damaged tensor")
    if int.from_bytes(stream.read(8), "little") != identity.count:
        raise InputError("it holds a damaged tensor")
    start = stream.tell()
    if start + identity.count * identity.dtype.itemsize != len(data):
        raise InputError(f"it holds a tensor of {identity.count} elements in {len(data)} bytes")
    return np.frombuffer(data, identity.dtype, identity.count, start)


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


class _Identity:
    """The persistent id of a storage: ("storage", class, key, device, count[, of what a view])."""

    def __init__(self, identity: Any):
        if not isinstance(identity, tuple) or len(identity) not in (5, 6):
            raise InputError("it holds a damaged tensor")
        word, kind, self.key, _, self.count = identity[:5]
        if (
            word != "storage"
            or not isinstance(kind, AllowedGlobal)
            or not isinstance(self.key, str)
        ):
            raise InputError("it holds a damaged tensor")
        if identity[5:] not in ((), (None,)):
            raise InputError("it holds a tensor whose storage is a part of another's")
        check_shape((self.count,))
        self.dtype = kind.make()


def _find(module: str, name: str) -> AllowedGlobal:
    """What a storage's own pickles may name: its class."""
    kind = name.removesuffix("Storage")
    if module in ("torch", "torch.storage") and kind != name and kind in _DTYPES:
        return AllowedGlobal(f"{module}.{name}", lambda: np.dtype(_DTYPES[kind]))
    raise InputError(f"it asks for {printable(module)}.{printable(name)}, which is refused")
