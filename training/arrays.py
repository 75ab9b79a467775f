"""Arrays that can be computed again, in files that are checked when they are read."""

from pathlib import Path

import numpy as np

from gan_knowledge_gaps.data import atomic_path
from gan_knowledge_gaps.training.progress import say


def read_array(path: Path) -> np.ndarray | None:
    """The array in a file, or None where it is missing or damaged, which is said."""
    try:
        with np.load(path) as file:
            return file["values"]
    except FileNotFoundError:
        return None
    except Exception:  # zipfile, the compressions and NumPy raise a dozen types on damaged files
        say(f"{path} is damaged; computing it again")
        return None


def write_array(path: Path, values: np.ndarray) -> None:
    """Writes an array as `.npz`, whose checksums cover every byte; whole or not at all."""
    with atomic_path(path) as temporary:
        np.savez(temporary, values=values)
