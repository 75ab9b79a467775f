"""Stand-ins for the names in a pickled NumPy array; NumPy's own never see its values."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.pickles.machine import AllowedGlobal, StandIn

_MOST_DIMENSIONS = 8
# Numbers only: objects would be pointers.
_DTYPES = {
    code: np.dtype(code)
    for code in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
}


class DType(StandIn):
    """numpy.dtype: one of the plain numbers, little-endian."""

    def __init__(self, code: Any, *_):
        if not isinstance(code, str) or code not in _DTYPES:
            raise InputError(f"it holds an array of {describe(code)}, which is refused")
        self.dtype = _DTYPES[code]

    def set_state(self, state: Any) -> None:
        """(version, byte order, and what plain numbers have none of)."""
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", "|", "="):
            raise InputError("it holds an array that is not little-endian, which is refused")


class Array(StandIn):
    """numpy.ndarray, empty until its state comes.

    Attributes:
        value: a view of the file's bytes.
    """

    def __init__(self):
        self.value: np.ndarray | None = None

    def set_state(self, state: Any) -> None:
        """(version, shape, dtype, whether in Fortran's order, bytes)."""
        if self.value is not None or not isinstance(state, tuple) or len(state) != 5:
            raise InputError("it holds a damaged array")
        _, shape, dtype, fortran, raw = state
        self.value = as_array(raw, dtype, shape, fortran is True)


def as_array(raw: Any, dtype: Any, shape: Any, fortran: bool) -> np.ndarray:
    """A view of raw bytes, whose number the shape must meet."""
    if not isinstance(dtype, DType) or not isinstance(raw, bytes | bytearray):
        raise InputError("it holds a damaged array")
    check_shape(shape)
    if math.prod(shape) * dtype.dtype.itemsize != len(raw):
        raise InputError(f"it holds an array of shape {shape} in {len(raw)} bytes")
    return np.frombuffer(raw, dtype.dtype).reshape(shape, order="F" if fortran else "C")


def check_shape(shape: Any) -> None:
    """Raises `InputError` for what is no tuple of a few numbers from 0 on."""
    if (
        not isinstance(shape, tuple)
        or len(shape) > _MOST_DIMENSIONS
        or not all(type(size) is int and 0 <= size < 2**40 for size in shape)
    ):
        raise InputError("it holds an array of a shape that cannot be")


def printable(text: str) -> str:
    """A name of the file in an error message: short, and nothing that a terminal would obey."""
    return text[:80].encode("unicode_escape").decode("ascii")


def describe(value: Any) -> str:
    """A value of the file in an error message: short, whatever it is."""
    if isinstance(value, str):
        return f"'{printable(value)}'"
    if isinstance(value, bool | float | type(None)):
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 2**63 else "a huge number"
    if isinstance(value, AllowedGlobal):
        return printable(value.name)
    return f"a {type(value).__name__}"


def _reconstruct(kind: Any, *_) -> Array:
    if not isinstance(kind, AllowedGlobal) or kind.make is not _no_array:
        raise InputError("it holds an array of a class of its own, which is refused")
    return Array()


def _no_array(*_):
    raise InputError("it makes an array in an unusual way, which is refused")


def _frombuffer(raw: Any, dtype: Any, shape: Any, order: Any) -> Array:
    array = Array()
    array.value = as_array(raw, dtype, shape, order == "F")
    return array


def _scalar(dtype: Any, raw: Any) -> bool | int | float:
    return as_array(raw, dtype, (), False).item()


KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _no_array,
    ("numpy", "dtype"): DType,
}
for _core in ("numpy.core", "numpy._core"):
    KNOWN[f"{_core}.multiarray", "_reconstruct"] = _reconstruct
    KNOWN[f"{_core}.multiarray", "scalar"] = _scalar
    KNOWN[f"{_core}.numeric", "_frombuffer"] = _frombuffer  # Pickle protocol 5.
