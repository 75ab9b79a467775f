"""Process set-up, when TensorFlow is imported and before it does any work."""

import contextlib
import importlib.abc
import importlib.machinery
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from types import ModuleType

from absl import logging

from gan_knowledge_gaps.training import cluster

_NOISE = ("absl::InitializeLog()", "oneDNN custom operations are on")


def prepare_import() -> None:
    """Has TensorFlow, whoever imports it first, come with our settings and without its notices.

    Importing `training` calls this, and imports no TensorFlow itself: that takes seconds, which
    `--help` and a wrong flag do not need. A setting that the user made stays.

    On x86 processors without AVX-512 or newer instructions for neural networks, TensorFlow leaves
    oneDNN's kernels off. Eigen's take two to twelve times as long there for the gradients of
    convolutions of small images with many channels (`benchmarks/onednn.py`), so that oneDNN is on.

    Everything else that TensorFlow says is passed on. Some of the notices come before it reads
    TF_CPP_MIN_LOG_LEVEL, so that no setting stops them (tensorflow#100442).
    """
    # One of several workers tells the loss of another itself, once and in one line.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3" if cluster.is_set() else "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if "tensorflow" not in sys.modules and _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def configure_on_import() -> None:
    """Calls `configure` as soon as TensorFlow is there; a command that never imports it waits for
    nothing.
    """
    if "tensorflow" in sys.modules:
        configure()
    else:
        _FINDER.then.append(configure)


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


class _Finder(importlib.abc.MetaPathFinder):
    """Finds TensorFlow as Python does, and wraps the execution of its module.

    Attributes:
        then: what is called when TensorFlow is there.
    """

    def __init__(self):
        self.then: list[Callable[[], None]] = []

    def find_spec(self, name, path, target=None):
        """Of `tensorflow`; None for all else."""
        if name != "tensorflow":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module
            spec.loader.exec_module = lambda module: self._execute(execute, module)
        return spec

    def _execute(self, execute: Callable, module: ModuleType) -> None:
        sys.meta_path.remove(self)
        with _without_noise():
            execute(module)
        for call in self.then:
            call()


_FINDER = _Finder()


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
