"""Reads a pickle of networks: which names it may use, and the stand-in for each."""

import io
import re
from collections.abc import Callable
from typing import Any

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.nvlabs.budget import Budget
from gan_knowledge_gaps.training.pickles import arrays, tensors, torch_files
from gan_knowledge_gaps.training.pickles.machine import AllowedGlobal, StandIn, run

_LAYERS = re.compile(r"torch\.nn\.modules(\.[a-z_]+)+")


class Network(StandIn):
    """dnnlib.tflib.network.Network: its state is what it would run and its variables.

    Attributes:
        state: by name; empty until it comes.
    """

    def __init__(self):
        self.state: dict[Any, Any] = {}

    def set_state(self, state: Any) -> None:
        """The state, once."""
        if self.state or not isinstance(state, dict):
            raise InputError("it holds a damaged network")
        self.state = state


class Module(Network):
    """torch.nn.Module, made by torch_utils.persistence or one of PyTorch's own.

    Attributes:
        class_name: of the module, as the file says.
    """

    class_name = ""


def read(data: bytes) -> Any:
    """The value of a pickle of networks, made of stand-ins, arrays and plain values.

    Raises:
        InputError: it is damaged, or uses a name that is not known.
    """
    if data[:1] != b"\x80":
        raise InputError("it is no pickle")
    return run(io.BytesIO(data), _Names(len(data)).find)


class _Names:
    """The names of one file."""

    def __init__(self, size: int):
        self._encoded, self._stored = Budget(size), Budget(size)
        self._known: dict[tuple[str, str], Callable[..., Any]] = {
            **arrays.KNOWN,
            **tensors.KNOWN,
            ("dnnlib.tflib.network", "Network"): Network,
            ("dnnlib.util", "EasyDict"): _empty_dict,
            ("collections", "OrderedDict"): _empty_dict,
            ("builtins", "set"): _set,
            ("__builtin__", "set"): _set,
            ("__builtin__", "bytes"): _empty_bytes,
            ("_codecs", "encode"): self._encode,
            ("torch_utils.persistence", "_reconstruct_persistent_obj"): _persistent,
            ("torch.storage", "_load_from_bytes"): self._storage,
        }

    def find(self, module: str, name: str) -> AllowedGlobal:
        """The stand-in for a name; raises `InputError` if it has none."""
        if _LAYERS.fullmatch(module) and name.isidentifier():
            return AllowedGlobal(f"{module}.{name}", Module)
        if (module, name) not in self._known:
            tensors.refuse(module, name)
        return AllowedGlobal(f"{module}.{name}", self._known[module, name])

    def _encode(self, text: Any, encoding: Any) -> bytes:
        """Bytes, as protocol 2 spells them."""
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
            raise InputError(f"it encodes as {arrays.describe(encoding)}, which is refused")
        self._encoded.spend(len(text))
        return text.encode("latin-1")

    def _storage(self, data: Any) -> Any:
        self._stored.spend(len(data))
        return torch_files.storage(data)


def _empty_dict() -> dict:
    return {}


def _empty_bytes() -> bytes:
    """As protocol 2 spells them."""
    return b""


def _set(items: Any = ()) -> set:
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise InputError("it holds a set of what is no text")
    return set(items)


def _persistent(meta: Any) -> Module:
    """A module from its state; its source, which would be run, is left alone."""
    if not isinstance(meta, dict) or meta.get("type") != "class":
        raise InputError("it holds a damaged module")
    module = Module()
    module.set_state(meta.get("state"))
    name = meta.get("class_name")
    module.class_name = name if isinstance(name, str) else ""
    return module
