"""The folder of a run: what began it is written down, and the same command goes on."""

import json
from pathlib import Path
from typing import Any

from data import InputError, write_json

CONFIG = "config.json"


def begin_or_go_on(folder: Path, config: dict[str, Any], flag: str = "--run") -> None:
    """Writes what makes a run's result, or checks that it is what began the run.

    Args:
        folder: of the run; made if need be.
        config: JSON values.
        flag: that named the folder, for the message.

    Raises:
        InputError: the folder holds a run that began with something else.
    """
    path = folder / CONFIG
    if path.exists():
        try:
            theirs = json.loads(path.read_text())
        except ValueError as error:
            raise InputError(f"{path} is damaged: {error}") from error
        different = [name for name in config if theirs.get(name) != config[name]]
        if different:
            raise InputError(
                f"{folder} holds a run with another {different[0]}; give {flag} a new folder"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, config)
