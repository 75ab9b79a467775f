"""Reads a pickle without running anything in it.

Python's own unpickler calls whatever a file names, and a crafted file can crash it or have it take
all memory. A pickle is a program for a small stack machine; this is that machine, with the few
instructions that files of weights need. A name in the file becomes what the caller's `find` gives
for it, or is refused; nothing is ever imported.
"""

import io
import pickletools
import struct
from collections.abc import Callable
from typing import Any

from gan_knowledge_gaps.data import InputError

# A published network takes some ten thousand.
MOST_INSTRUCTIONS = 1_000_000
_KEYS = (str, int, float, bool, type(None))


class AllowedGlobal:
    """A name that a file may use, and a function that makes an inert value in its place.

    Args:
        name: module and name, with a dot between.
        make: positional arguments of the file to a value; raises `InputError` for bad ones.
    """

    def __init__(self, name: str, make: Callable[..., Any]):
        self.name, self.make = name, make


class StandIn:
    """Takes the place of an object of the file; the instruction BUILD gives it its state."""

    def set_state(self, state: Any) -> None:
        """Takes the state, once; raises `InputError` for a bad one."""
        raise NotImplementedError


def run(
    stream: io.BytesIO,
    find: Callable[[str, str], AllowedGlobal],
    persistent: Callable[[Any], Any] | None = None,
) -> Any:
    """The value of the pickle that begins at the stream's position, which moves to its end.

    Args:
        stream: bytes in memory.
        find: module and name to what is allowed for them; raises `InputError` to refuse.
        persistent: makes the value of a persistent id; None to refuse them.

    Raises:
        InputError: the pickle is damaged or asks for something that is refused.
    """
    machine = _Machine(find, persistent)
    try:
        for count, (code, argument, _) in enumerate(pickletools.genops(stream)):
            if count > MOST_INSTRUCTIONS:
                raise InputError("it has more instructions than any file of networks")
            if code.name == "STOP":
                return machine.pop()
            machine.step(code.name, argument)
    except InputError:
        raise
    except (ValueError, IndexError, OverflowError, struct.error) as error:
        raise InputError("it is damaged or no pickle") from error
    raise InputError("it is cut off")


class _Machine:
    """The stack and the memo of one pickle."""

    def __init__(self, find, persistent):
        self.find, self.persistent = find, persistent
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Carries out one instruction."""
        if name in _CONSTANTS:
            self.stack.append(argument)
        elif name in _INSTRUCTIONS:
            _INSTRUCTIONS[name](self, argument)
        else:
            raise InputError(f"it uses the pickle instruction {name}, which is refused")

    def pop(self) -> Any:
        """Takes the topmost value, but none below the last mark."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise InputError("it is damaged: its stack is empty")
        return self.stack.pop()

    def top(self, kind: type) -> Any:
        """The topmost value, of the given type."""
        value = self.pop()
        if not isinstance(value, kind):
            raise InputError(f"it is damaged: a {kind.__name__} is missing")
        self.stack.append(value)
        return value

    def pop_to_mark(self) -> list[Any]:
        """Takes all values above the last mark, and the mark."""
        if not self.marks:
            raise InputError("it is damaged: a mark is missing")
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    # Names and what they make

    def global_name(self, argument: str) -> None:
        """GLOBAL: module and name, separated by a space."""
        module, _, name = argument.partition(" ")
        self.stack.append(self.find(module, name))

    def stack_global(self, _) -> None:
        """STACK_GLOBAL: module and name from the stack."""
        name, module = self.pop(), self.pop()
        if not isinstance(module, str) or not isinstance(name, str):
            raise InputError("it is damaged: a name is no text")
        self.stack.append(self.find(module, name))

    def call(self, _) -> None:
        """REDUCE and NEWOBJ: the only two that make a value of a name."""
        arguments, known = self.pop(), self.pop()
        if not isinstance(known, AllowedGlobal) or not isinstance(arguments, tuple):
            raise InputError("it is damaged: it calls something that is no name")
        try:
            self.stack.append(known.make(*arguments))
        except TypeError as error:  # The number of arguments: types are looked at by `make`.
            raise InputError(f"it is damaged: bad arguments for {known.name}") from error

    def build(self, _) -> None:
        """BUILD: the state of a stand-in."""
        state = self.pop()
        self.top(StandIn).set_state(state)

    def load_persistent(self, _) -> None:
        """BINPERSID: what is kept outside of the pickle."""
        if self.persistent is None:
            raise InputError("it refers to something outside of it, which is refused")
        self.stack.append(self.persistent(self.pop()))

    # Containers

    def set_items(self, pairs: list[Any]) -> None:
        """Keys and values, in turns, into the topmost dict."""
        target = self.top(dict)
        if len(pairs) % 2:
            raise InputError("it is damaged: a key has no value")
        for key in pairs[::2]:
            _check_key(key)
        target.update(zip(pairs[::2], pairs[1::2], strict=True))

    def add_items(self, _) -> None:
        """ADDITEMS: into the topmost set."""
        items = self.pop_to_mark()
        for item in items:
            _check_key(item)
        self.top(set).update(items)

    def tuple_of(self, count: int) -> None:
        """The topmost values as a tuple."""
        values = [self.pop() for _ in range(count)]
        self.stack.append(tuple(reversed(values)))

    # The memo

    def remember(self, index: int | None) -> None:
        """Keeps the topmost value under an index, the next one where it is None."""
        value = self.pop()
        self.stack.append(value)
        self.memo[len(self.memo) if index is None else index] = value

    def recall(self, index: int) -> None:
        """A value that was kept."""
        if index not in self.memo:
            raise InputError("it is damaged: it refers to a value that it never stored")
        self.stack.append(self.memo[index])


def _check_key(key: Any) -> None:
    # Other keys can make hashing recurse without end.
    if not isinstance(key, _KEYS):
        raise InputError("it is damaged: a key is no text or number")


def _pairs_at_mark(machine: _Machine, _) -> None:
    machine.set_items(machine.pop_to_mark())


def _pair(machine: _Machine, _) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _append(machine: _Machine, _) -> None:
    value = machine.pop()
    machine.top(list).append(value)


def _appends(machine: _Machine, _) -> None:
    values = machine.pop_to_mark()
    machine.top(list).extend(values)


# Those whose argument is the value.
_CONSTANTS = {
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE",
    "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "BINSTRING",
    "SHORT_BINSTRING",
}  # fmt: skip

_INSTRUCTIONS: dict[str, Callable[[_Machine, Any], Any]] = {
    "PROTO": lambda machine, _: None,
    "FRAME": lambda machine, _: None,
    "NONE": lambda machine, _: machine.stack.append(None),
    "NEWTRUE": lambda machine, _: machine.stack.append(True),
    "NEWFALSE": lambda machine, _: machine.stack.append(False),
    "EMPTY_TUPLE": lambda machine, _: machine.stack.append(()),
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "EMPTY_DICT": lambda machine, _: machine.stack.append({}),
    "EMPTY_SET": lambda machine, _: machine.stack.append(set()),
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "POP": lambda machine, _: machine.pop(),
    "POP_MARK": lambda machine, _: machine.pop_to_mark(),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.pop_to_mark())),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "APPEND": _append,
    "APPENDS": _appends,
    "SETITEM": _pair,
    "SETITEMS": _pairs_at_mark,
    "ADDITEMS": _Machine.add_items,
    "BINPUT": _Machine.remember,
    "LONG_BINPUT": _Machine.remember,
    "MEMOIZE": _Machine.remember,
    "BINGET": _Machine.recall,
    "LONG_BINGET": _Machine.recall,
    "GLOBAL": _Machine.global_name,
    "STACK_GLOBAL": _Machine.stack_global,
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.call,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.load_persistent,
}
