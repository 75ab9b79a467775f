"""Turns what an experiment holds into values that strict JSON can express."""

import dataclasses
import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np


def plain(value: object) -> Any:
    """Converts `value` to dicts, lists, strings, booleans, ints, finite floats and None.

    Non-finite floats become None, for JSON has no word for them; dataclasses and mappings become
    dicts with string keys; arrays and sequences lists, sets sorted lists; anything else its `str`.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple, range)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    return _plain_scalar(value)


def _plain_scalar(value: object) -> str | bool | int | float | None:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    return str(value)


def words(value: object) -> str:
    """A plain value as a reader sees it: sequences joined by commas, '—' for what is empty."""
    if isinstance(value, list):
        return ", ".join(map(words, value)) or "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value) or "—"
