"""The folder of a run: it records how the run was started, and the same command resumes it."""

import secrets
from pathlib import Path
from typing import Any

from gan_knowledge_gaps.data import InputError, read_json, write_json
from gan_knowledge_gaps.data.json_files import OBJECT, TEXT

CONFIG = "config.json"
IDENTITY = "run.json"


def begin_or_go_on(folder: Path, config: dict[str, Any], flag: str = "--run") -> None:
    """Writes the configuration of a new run, or checks that it is that of the run in the folder.

    Args:
        folder: of the run; made if need be.
        config: JSON values.
        flag: that named the folder, for the message.

    Raises:
        InputError: the folder holds a run that began with something else.
    """
    path = folder / CONFIG
    if path.exists():
        theirs = read_json(path, OBJECT, f"give {flag} a new folder")
        different = [name for name in config if theirs.get(name) != config[name]]
        if different:
            raise InputError(
                f"{folder} holds a run with another {different[0]}; give {flag} a new folder"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, config)


def identity(folder: Path) -> str | None:
    """The name that a run's folder gives to its run, in run.json; None if it has given none.

    It tells the checkpoints of this run from others of the same shapes, wherever they are moved.

    Raises:
        InputError: it cannot be read.
    """
    path = folder / IDENTITY
    if not path.exists():
        return None
    return read_json(path, {"id": TEXT}, "delete it, if the checkpoints here are this run's")["id"]


def identify(folder: Path, name: str | None) -> str:
    """Gives a folder's run its name, or a new one, and returns it."""
    name = name or secrets.token_hex(16)
    write_json(folder / IDENTITY, {"id": name})
    return name
