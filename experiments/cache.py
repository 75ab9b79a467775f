"""Arrays that can be computed again, kept in files that are checked when they are read."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from data import atomic_path
from training.progress import say


def cached_array(path: Path, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """The array in a file; computed and written where the file is missing or damaged.

    The file is a zip archive (`.npz`), whose checksums cover every byte of the array.

    Args:
        path: the file, ending in `.npz`, named after all that the array depends on.
        compute: makes the array.
    """
    try:
        with np.load(path) as file:
            return file["values"]
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        say(f"{path} is damaged; computing it again")
    values = compute()
    with atomic_path(path) as temporary:
        np.savez(temporary, values=values)
    return values
