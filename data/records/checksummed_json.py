"""JSON files that hold their own checksum, so that damage is found when they are read."""

import hashlib
import json
from pathlib import Path
from typing import Any

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.files import write_text
from gan_knowledge_gaps.data.json_files import OBJECT, parse_json

_CHECKSUM = "sha256_of_the_rest"


class DamagedError(InputError):
    """A file that is not what was written."""


def write_checksummed(path: Path, content: dict[str, Any], indent: int | None = None) -> None:
    """Writes a JSON object atomically, with the SHA-256 of its canonical form as its last entry.

    The file is ASCII: a file name that is not UTF-8 is escaped, as by `data.files.write_json`.

    Args:
        path: The file.
        content: JSON values without floats.
        indent: As for `json.dumps`.
    """
    checked = {**content, _CHECKSUM: _checksum(content)}
    write_text(path, json.dumps(checked, indent=indent, allow_nan=False) + "\n")


def read_checksummed(path: Path) -> dict[str, Any]:
    """Reads what `write_checksummed` has written.

    Raises:
        DamagedError: It is not what was written.
        InputError: It is missing, or cannot be read.
    """
    try:
        contents = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    try:
        content = parse_json(contents, path, OBJECT, "")
    except InputError as error:
        raise DamagedError(f"{path} is damaged (it is no JSON object): convert again") from error
    if content.pop(_CHECKSUM, None) != _checksum(content):
        raise DamagedError(f"{path} is damaged (its checksum differs): convert again")
    return content


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
