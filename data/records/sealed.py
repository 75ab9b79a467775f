"""JSON files that carry a checksum of themselves, so that a damaged one is never believed."""

import hashlib
import json
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.files import write_text
from data.json_files import OBJECT, parse_json

_SEAL = "sha256_of_the_rest"


class DamagedError(InputError):
    """A file that is not what was written."""


def write_sealed(path: Path, content: dict[str, Any], indent: int | None = None) -> None:
    """Writes a JSON object atomically, with the SHA-256 of its canonical form as its last entry.

    In ASCII: what is no UTF-8 in a file's name is escaped, as by `data.files.write_json`.

    Args:
        path: The file.
        content: JSON values without floats.
        indent: As for `json.dumps`.
    """
    sealed = {**content, _SEAL: _seal(content)}
    write_text(path, json.dumps(sealed, indent=indent, allow_nan=False) + "\n")


def read_sealed(path: Path) -> dict[str, Any]:
    """Reads such a file.

    Raises:
        DamagedError: It is not what was written.
        InputError: It is missing, or cannot be read.
    """
    try:
        sealed = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    try:
        content = parse_json(sealed, path, OBJECT, "")
    except InputError as error:
        raise DamagedError(f"{path} is damaged (it is no JSON object): convert again") from error
    if content.pop(_SEAL, None) != _seal(content):
        raise DamagedError(f"{path} is damaged (its checksum differs): convert again")
    return content


def _seal(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
