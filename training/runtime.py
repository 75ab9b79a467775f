"""Process set-up, before TensorFlow does any work."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from absl import logging

from training import cluster

_NOISE = ("absl::InitializeLog()", "oneDNN custom operations are on")


def import_quietly() -> None:
    """Imports TensorFlow without its start-up notices; everything else it says is passed on.

    Some of the notices come before TensorFlow reads TF_CPP_MIN_LOG_LEVEL, so that no setting stops
    them (tensorflow#100442). A log level that the user set stays.
    """
    # One of several workers tells the loss of another itself, once and in one line.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3" if cluster.is_set() else "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if "tensorflow" not in sys.modules:
        with _without_noise():
            import tensorflow  # noqa: F401


def configure() -> None:
    """Makes TensorFlow's operations deterministic and lets GPU memory grow on demand.

    Resumed trainings equal unbroken ones bit for bit only with deterministic kernels; operations
    that have none raise instead of drifting. Safe to call more than once.
    """
    import tensorflow as tf

    # TensorFlow's Python code logs every checkpoint's sharding at INFO through absl.
    logging.set_verbosity(logging.WARNING)
    tf.config.experimental.enable_op_determinism()
    # The remapper fails, loudly and without effect, on a convolution whose LeakyReLU is
    # differentiated twice in one step; training is as fast without it.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """Holds back what native code writes to stderr, then writes it without the known notices."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile("w+", errors="replace") as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not any(notice in line for notice in _NOISE):
                    sys.stderr.write(line)
