"""Digests: of a network's file, of a network in memory, of the state of a training.

No date and no name of a file is part of them. A .keras file holds the time of its saving, and names
that count the layers of the process that made it: the same weights saved twice are two files.
"""

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import tensorflow as tf

from gan_knowledge_gaps.training.task import flat_variables

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"


def weights_sha256(path: Path) -> str:
    """SHA-256 over a saved network's layers and the bytes of its variables.

    Args:
        path: a .keras file.

    Returns:
        Hexadecimal.
    """
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read(_CONFIG))
        weights = io.BytesIO(archive.read(_WEIGHTS))
    digest = hashlib.sha256(_canonical(config).encode())

    def add(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            digest.update(f"{name}:{item.shape}:{item.dtype}\n".encode())
            digest.update(item[()].tobytes())

    with h5py.File(weights) as file:
        file.visititems(add)  # in the order of their names
    return digest.hexdigest()


def network_sha256(network: keras.Model, configuration: str) -> str:
    """SHA-256 over a network's configuration and weights, from whatever file or checkpoint.

    Args:
        network: with its weights.
        configuration: what it was built from, as text.

    Returns:
        Hexadecimal.
    """
    digest = hashlib.sha256(configuration.encode())
    for variable in flat_variables(network):
        digest.update(f"{variable.dtype} {variable.shape}\n".encode())
        digest.update(variable.numpy().tobytes())
    return digest.hexdigest()


def state_digest(state: dict[str, list[tf.Variable]], step: int) -> str:
    """SHA-256 over the step number and the name, shape, dtype and bytes of every variable."""
    digest = hashlib.sha256(str(step).encode())
    for name in sorted(state):
        for index, variable in enumerate(state[name]):
            value = variable.numpy()
            digest.update(f"{name}/{index}:{value.shape}:{value.dtype}".encode())
            digest.update(value.tobytes())
    return digest.hexdigest()


def _canonical(config: dict[str, Any]) -> str:
    """The configuration, with names of Keras' own giving counted from the network's first layer."""
    names: dict[str, str] = {}
    _collect(config, names)
    return json.dumps(_renamed(config, names), sort_keys=True)


def _collect(value: Any, names: dict[str, str]) -> None:
    if isinstance(value, dict):
        kind, config = value.get("class_name"), value.get("config")
        if isinstance(kind, str) and isinstance(config, dict):
            name = config.get("name")
            if isinstance(name, str) and _is_automatic(name, kind):
                names.setdefault(name, f"{kind}#{len(names)}")
    for each in _children(value):
        _collect(each, names)


def _is_automatic(name: str, kind: str) -> bool:
    """Whether a layer's name is its class in snake case, numbered or not: leaky_re_lu_2."""
    return re.sub(r"[_\d]", "", name) == re.sub(r"[_\d]", "", kind).lower()


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: _renamed(each, names) for key, each in value.items()}
    return [_renamed(each, names) for each in value] if isinstance(value, list) else value


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
