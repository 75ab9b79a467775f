"""What torch.save writes, read without PyTorch and without running anything.

Since PyTorch 1.6 it is a zip: a pickle, `data.pkl`, and a member for each storage. Before, it was
four pickles (a magic number, a version, facts about the system, the value), a pickled list of the
storages' keys, then for each key the number of elements, int64, and the elements. In both, the
pickle names a storage by a persistent id.
"""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.pickles import tensors
from gan_knowledge_gaps.training.pickles.arrays import printable
from gan_knowledge_gaps.training.pickles.machine import AllowedGlobal, StandIn, run
from gan_knowledge_gaps.training.pickles.tensors import StorageId, refuse, storage_class

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_ZIP = b"PK\x03\x04"
# Of a legacy file: protocol 2, and the magic number as a long of ten bytes.
_LEGACY = b"\x80\x02\x8a\n" + _MAGIC.to_bytes(10, "little") + b"."


def is_one(data: bytes) -> bool:
    """Whether bytes begin as one of both formats does."""
    return data.startswith((_ZIP, _LEGACY))


def state_dict(data: bytes) -> dict[str, np.ndarray]:
    """The tensors of a saved `state_dict()`, by name.

    Args:
        data: the file's bytes, in either format.

    Raises:
        InputError: it is damaged, holds something else, or uses a name that a state dict has no
            need of.
    """
    value = _read_zip(data) if data.startswith(_ZIP) else read_legacy(data, _find)
    if not isinstance(value, dict) or not value:
        raise InputError("it holds no state dict")
    for name, tensor in value.items():
        if not isinstance(name, str) or not isinstance(tensor, np.ndarray):
            raise InputError("it holds no state dict: not only tensors by name")
    return dict(value)


def storage(data: Any) -> np.ndarray:
    """torch.storage._load_from_bytes: the elements of a storage that was saved by itself.

    Returns:
        [count], a view of the data.
    """
    value = read_legacy(data, refuse) if isinstance(data, bytes | bytearray) else None
    if not isinstance(value, np.ndarray):
        raise InputError("it holds a damaged tensor")
    return value


def read_legacy(data: bytes | bytearray, find: Callable[[str, str], AllowedGlobal]) -> Any:
    """The value of a file in the format of before 1.6; storages are views of the data.

    Args:
        data: the file's bytes.
        find: what may be named beside the classes of storages, as `machine.run` takes it.

    Raises:
        InputError: the file is damaged or asks for something that is refused.
    """
    stream, found = io.BytesIO(data), _with_storages(find)
    if run(stream, found) != _MAGIC or run(stream, found) != _VERSION:
        raise InputError("it holds a tensor of an unknown format")
    run(stream, found)
    start = stream.tell()
    # The storages lie behind the pickle that makes tensors of them: a first pass finds them.
    ids: list[StorageId] = []
    run(stream, _inert(found), lambda value: ids.append(StorageId(value)))
    storages = _storages(data, stream, {each.key: each for each in ids}, run(stream, found))
    stream.seek(start)
    return run(stream, found, lambda value: storages[StorageId(value).key])


def _storages(
    data: bytes | bytearray, stream: io.BytesIO, ids: dict[str, StorageId], keys: Any
) -> dict[str, np.ndarray]:
    """Those at the stream's position, in the order of the keys, up to the file's end."""
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise InputError("it holds a damaged tensor")
    if sorted(keys) != sorted(ids):
        raise InputError("it holds a damaged tensor")
    storages = {}
    for key in keys:
        if int.from_bytes(stream.read(8), "little") != ids[key].count:
            raise InputError("it holds a damaged tensor")
        storages[key] = ids[key].elements(data, stream.tell())
        stream.seek(storages[key].nbytes, io.SEEK_CUR)
    if stream.tell() != len(data):
        count = sum(map(len, storages.values()))
        raise InputError(f"it holds tensors of {count} elements in {len(data)} bytes")
    return storages


def _read_zip(data: bytes) -> Any:
    """The value of a file in the format of today."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _value(archive, len(data))
    except InputError:
        raise
    except Exception as error:  # zipfile raises half a dozen types on damaged files
        raise InputError(f"it is damaged: {printable(str(error))}") from error


def _value(archive: zipfile.ZipFile, size: int) -> Any:
    members = {each.filename: each for each in archive.infolist()}
    pickles = [name for name in members if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise InputError("it is a zip, but not as torch.save writes it")
    root = pickles[0].removesuffix("data.pkl")
    if f"{root}constants.pkl" in members:
        raise InputError("it is a TorchScript program, not a state dict")
    if any(each.compress_type != zipfile.ZIP_STORED for each in members.values()):
        raise InputError("it is compressed, which torch.save never does")
    if sum(each.file_size for each in members.values()) > size:
        raise InputError("it is damaged: it expands to more than its size")
    if f"{root}byteorder" in members and archive.read(f"{root}byteorder") != b"little":
        raise InputError("it was saved on a big-endian machine, which is refused")
    storages: dict[str, np.ndarray] = {}

    def storage(value: Any) -> np.ndarray:
        its = StorageId(value)
        if its.key not in storages:
            name = f"{root}data/{its.key}"
            if name not in members:
                raise InputError("it is damaged: a storage is missing")
            storages[its.key] = its.elements(archive.read(name))
        return storages[its.key]

    return run(io.BytesIO(archive.read(pickles[0])), _with_storages(_find), storage)


class _Dict(dict, StandIn):
    """collections.OrderedDict; what else a state dict carries, versions, is left alone."""

    def __init__(self):
        super().__init__()

    def set_state(self, state: Any) -> None:
        """The attributes of the dict."""


class _Inert(dict, StandIn):
    """Anything, while only the storages are looked for."""

    def __init__(self, *_):
        super().__init__()

    def set_state(self, state: Any) -> None:
        """Takes any state."""


_KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): _Dict,
    **tensors.KNOWN,
}


def _find(module: str, name: str) -> AllowedGlobal:
    if (module, name) not in _KNOWN:
        refuse(module, name)
    return AllowedGlobal(f"{module}.{name}", _KNOWN[module, name])


def _with_storages(find: Callable[[str, str], AllowedGlobal]) -> Callable[[str, str], Any]:
    return lambda module, name: storage_class(module, name) or find(module, name)


def _inert(find: Callable[[str, str], AllowedGlobal]) -> Callable[[str, str], AllowedGlobal]:
    """The same names, refused or allowed, but nothing is made."""

    def found(module: str, name: str) -> AllowedGlobal:
        known = find(module, name)
        is_class = isinstance(known, tensors.StorageClass)
        return known if is_class else AllowedGlobal(known.name, _Inert)

    return found
