"""Builds the custom ops ahead of their first use, and says what it found.

    python -m training.native.build              # the cache's library, built if it is missing
    python -m training.native.build --force      # built again
    python -m training.native.build --cuda=yes   # with GPU kernels, or an error that says why not

Exit codes: 0 the library is there and loads; 2 not, and one line on stderr says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.native.errors import BuildError

if TYPE_CHECKING:
    from gan_knowledge_gaps.training.native.cache import Library


def main() -> None:
    """The command line."""
    flags.DEFINE_boolean("force", False, "Build although the cache has the library.")
    flags.DEFINE_enum(
        "cuda", "auto", ["auto", "yes", "no"],
        "Build GPU kernels; auto: where there is an nvcc and TensorFlow is built with CUDA.",
    )  # fmt: skip
    command.run(build)


def build() -> None:
    """Builds as the flags say, and prints what was found and built.

    Raises:
        InputError: the library cannot be built or loaded.
    """
    import tensorflow as tf

    from gan_knowledge_gaps.training.native import cache, library
    from gan_knowledge_gaps.training.native.toolchain import find_compiler, find_nvcc

    cuda = "with CUDA" if tf.test.is_built_with_cuda() else "without CUDA"
    _tell("TensorFlow", f"{tf.__version__}, built {cuda}")
    _tell("C++ compiler", _found(find_compiler))
    _tell("nvcc", _found(find_nvcc))
    _tell("cache", _found(cache.folder))
    try:
        loaded = library.obtain(cuda=flags.FLAGS.cuda, force=flags.FLAGS.force)
    except BuildError as error:
        raise InputError(f"the custom operations cannot be built: {error}") from None
    built = loaded.library
    _tell("library", str(built.path))
    _tell("size", f"{built.path.stat().st_size / 1e6:.1f} MB")
    _tell("built", f"{'now' if loaded.built else 'earlier'}, in {built.seconds:.1f} s")
    _tell("kernels", _kind(built))


def _kind(built: Library) -> str:
    if built.cuda:
        return "for the CPU and for GPUs"
    return "for the CPU only" + (f": {built.cuda_problem}" if built.cuda_problem else "")


def _found(find) -> str:
    try:
        return str(find() or "none found")
    except BuildError as error:
        return f"none: {error}"


def _tell(what: str, value: str) -> None:
    print(f"{what + ':':<14}{value}", flush=True)


if __name__ == "__main__":
    main()
