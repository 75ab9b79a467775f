"""How much memory a training takes, and how much there is."""

import sys

import psutil

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.cgroups import memory_left


def peak_megabytes() -> float:
    """The most memory in use so far: the first GPU's where there is one, else the process's."""
    import tensorflow as tf  # Here, because commands that need no TensorFlow look at memory too.

    gpus = tf.config.list_logical_devices("GPU")
    if gpus:
        return tf.config.experimental.get_memory_info(gpus[0].name)["peak"] / 1e6
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    # Linux counts in units of 1,024 bytes, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def check_memory(least: int, what: str) -> None:
    """Refuses work that no state of this machine could do, before anything is asked for.

    Args:
        least: bytes that the work needs at the very least; it may well need several times that.
        what: the work, and the flags that decide, as the beginning of a sentence.

    Raises:
        InputError: this machine has less, or its control group allows less.
    """
    there = total_memory()
    if least > there:
        raise InputError(
            f"{what}: this takes more than {least / 1e9:,.0f} GB of memory, and "
            f"there are {there / 1e9:,.0f} GB; choose smaller numbers"
        )


def total_memory() -> int:
    """Bytes of memory that this process can have at most."""
    total, left = psutil.virtual_memory().total, memory_left()
    return total if left is None else min(total, left)
