"""JSON that must have a shape: read and checked in one place, every failure one line.

A shape is one of

TEXT, WHOLE, NUMBER, FLAG, OBJECT, ANY, FILE_NAME    a value of that kind
above(x), at_least(x), one_of(...), optional(shape)  a value within bounds
[shape]                                              a list of such values
{"key": shape, "key?": shape, EVERY: shape}          an object with these keys (those with ? may be
                                                     missing), and others: any, or all as EVERY says
"""

import json
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from gan_knowledge_gaps.data.errors import InputError

EVERY = object()
_DEEPEST = 50  # levels; what works on nested values is recursive
_LARGEST = 2**63  # what the libraries below take as a whole number
_LONGEST_NAME = 255  # bytes that a file system takes
_SHOWN = 60  # characters of a value or of a name


@dataclass(frozen=True)
class Kind:
    """A kind of value: what to call it, and whether a value is of it."""

    words: str
    holds: Callable[[Any], bool]


def _is_whole(value: Any) -> bool:
    return type(value) is int and -_LARGEST <= value < _LARGEST


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (type(value) is float and math.isfinite(value))


def _is_text(value: Any) -> bool:
    """Whether it can be written, or is the name of a file, whose bytes may be no UTF-8."""
    try:
        return isinstance(value, str) and value.encode("utf-8", "surrogateescape") is not None
    except UnicodeError:
        return False


def _is_file_name(value: Any) -> bool:
    """Whether it names a file below a folder, and none outside."""
    if not _is_text(value) or not value or "\0" in value:
        return False
    if len(value.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        return False
    path = PurePosixPath(value)
    return not path.is_absolute() and ".." not in path.parts


ANY = Kind("a value", lambda value: True)
TEXT = Kind("a text", _is_text)
WHOLE = Kind("a whole number", _is_whole)
NUMBER = Kind("a finite number", _is_number)
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
OBJECT = Kind("an object", lambda value: isinstance(value, dict))
FILE_NAME = Kind("the name of a file", _is_file_name)


def above(bound: float) -> Kind:
    """A finite number above a bound."""
    return Kind(f"{NUMBER.words} above {bound:g}", lambda each: _is_number(each) and each > bound)


def at_least(bound: float, kind: Kind = NUMBER) -> Kind:
    """A number, finite or whole, from a bound."""
    return Kind(f"{kind.words} from {bound:g}", lambda each: kind.holds(each) and each >= bound)


def one_of(*choices: str) -> Kind:
    """One of some texts."""
    return Kind(
        f"one of {', '.join(choices)}", lambda each: isinstance(each, str) and each in choices
    )


def optional(kind: Kind) -> Kind:
    """Such a value, or null."""
    return Kind(f"{kind.words} or null", lambda each: each is None or kind.holds(each))


def read_json(path: str | os.PathLike, shape: Any, advice: str) -> Any:
    """Reads a JSON file that must have a shape.

    Args:
        path: The file, in UTF-8.
        shape: See the top of this file.
        advice: What to do about a file that is not so.

    Returns:
        The value, with all that the shape does not name left as it is.

    Raises:
        InputError: The file is missing, cannot be read, is no JSON, or has another shape; the
            line names the file and the key.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {advice} ({error.strerror})") from error
    return parse_json(content, path, shape, advice)


def parse_json(content: bytes, name: Any, shape: Any, advice: str) -> Any:
    """The same of contents that were read already; `name` is what the line calls them."""
    try:
        value = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, a number without end
        reason = " ".join(str(error).split())[:_SHOWN]
        raise InputError(f"{name} is damaged: {advice} ({reason})") from error
    problem = "it is nested too deeply" if _is_deep(value) else None
    problem = problem or next(_misfits(value, shape, ""), None)
    if problem:
        raise InputError(f"{name} is damaged: {advice} ({problem})")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        holders = (each for each in level if isinstance(each, dict | list))
        level = [
            each
            for holder in holders
            for each in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return False
    return True


def _misfits(value: Any, shape: Any, key: str) -> Iterator[str]:
    """What is wrong with a value, and where."""
    if isinstance(shape, Kind):
        if not shape.holds(value):
            yield f"{key or 'it'} is {_shown(value)}, not {shape.words}"
    elif type(value) is not type(shape):
        yield from _misfits(value, OBJECT if isinstance(shape, dict) else _LIST, key)
    elif isinstance(shape, list):
        for number, each in enumerate(value):
            yield from _misfits(each, shape[0], f"{key}[{number}]")
    else:
        yield from _misfits_of_object(value, shape, f"{key}." if key else "")


def _misfits_of_object(value: dict[str, Any], shape: dict[Any, Any], prefix: str) -> Iterator[str]:
    named = {name: each for name, each in shape.items() if name is not EVERY}
    for name, each in named.items():
        known = name.removesuffix("?")
        if known in value:
            yield from _misfits(value[known], each, prefix + known)
        elif known == name:
            yield f"it lacks the key {prefix}{name}"
    if EVERY in shape:
        for name in value.keys() - {name.removesuffix("?") for name in named}:
            yield from _misfits(value[name], shape[EVERY], prefix + ascii(name)[1:-1][:_SHOWN])


_LIST = Kind("a list", lambda value: isinstance(value, list))


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
