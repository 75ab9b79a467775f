"""A PyTorch module's layers by their dotted names."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.nvlabs.options import Options
from gan_knowledge_gaps.stylegan2.nvlabs.reader import Module
from gan_knowledge_gaps.stylegan2.nvlabs.variables import Variables
from gan_knowledge_gaps.training.pickles.arrays import printable

_DEEPEST = 6
_MOST = 5000


class Layers:
    """The layers of a network: their attributes and their tensors.

    Args:
        owner: the network in error messages.
        network: of the file.
        ignored: names of options that need not be understood.

    Attributes:
        variables: parameters and buffers by dotted name.
    """

    def __init__(self, owner: str, network: Module, ignored: Collection[str] = ()):
        self.owner, self._ignored = owner, ignored
        self._states: dict[str, dict[Any, Any]] = {}
        for count, (name, module) in enumerate(_walk("", network, 0)):
            if count > _MOST:
                raise InputError(f"its {owner} has more layers than any network")
            self._states[name] = module.state
        self.variables = Variables(owner, self._tensors())

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, name: str) -> bool:
        return name in self._states

    def __iter__(self) -> Iterator[str]:
        return iter(self._states)

    def attributes(self, name: str) -> dict[Any, Any]:
        """The plain attributes of a layer; none where there is no such layer."""
        return self._states.get(name, {})

    def options(self) -> Options:
        """The options that the network was made with."""
        state = self._states[""]
        arguments = state.get("_init_args", ())
        if not isinstance(arguments, tuple | list) or arguments:
            raise InputError(f"its {self.owner} was made with options without names")
        return Options(self.owner, state.get("_init_kwargs"), self._ignored)

    def _tensors(self) -> dict[str, np.ndarray]:
        tensors: dict[str, np.ndarray] = {}
        for layer, state in self._states.items():
            for kind in ("_parameters", "_buffers"):
                for name, tensor in _named(state, kind):
                    if len(tensors) > _MOST:
                        raise InputError(f"its {self.owner} has more tensors than any network")
                    if isinstance(tensor, np.ndarray):
                        tensors[f"{layer}.{name}".removeprefix(".")] = tensor
                    elif tensor is not None:
                        raise InputError(f"its {self.owner}'s {printable(name)} is no tensor")
        return tensors


def _walk(name: str, module: Module, depth: int) -> Iterator[tuple[str, Module]]:
    yield name, module
    if depth > _DEEPEST:
        raise InputError("it holds modules in modules without end")
    for child, part in _named(module.state, "_modules"):
        if isinstance(part, Module):
            yield from _walk(f"{name}.{child}".removeprefix("."), part, depth + 1)


def _named(state: dict[Any, Any], kind: str) -> Iterator[tuple[str, Any]]:
    """The items of one of a module's dicts."""
    items = state.get(kind, {})
    if not isinstance(items, dict):
        raise InputError("it holds a damaged module")
    for name, item in items.items():
        if not isinstance(name, str) or not name or "." in name:
            raise InputError("it holds a damaged module")
        yield name, item
