"""How much memory a training takes."""

import sys

import tensorflow as tf


def peak_megabytes() -> float:
    """The most memory in use so far: the first GPU's where there is one, else the process's."""
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
