"""JSON files that carry a checksum of themselves, so that a damaged one is never believed."""

import hashlib
import json
from pathlib import Path
from typing import Any

from data.errors import InputError, brief
from data.files import write_text

_SEAL = "sha256_of_the_rest"


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
        InputError: It is missing, unreadable, or not what was written.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no JSON, or no UTF-8
        raise InputError(f"{path} is damaged ({brief(error)}): convert again") from error
    if not isinstance(content, dict) or content.pop(_SEAL, None) != _seal(content):
        raise InputError(f"{path} is damaged (its checksum differs): convert again")
    return content


def _seal(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
