"""The module of custom ops, built where it is missing; or None, and plain TensorFlow takes over."""

import contextlib
import ctypes
import dataclasses
import sys
import threading
import types
from pathlib import Path

import tensorflow as tf
from absl import logging

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.native import IMPLEMENTATIONS, cache
from gan_knowledge_gaps.training.native.errors import BuildError
from gan_knowledge_gaps.training.native.recipe import KERNELS, Recipe, target_key
from gan_knowledge_gaps.training.native.toolchain import Tool, find_compiler, find_nvcc

SOURCES = KERNELS

_NO_NVCC = "there is no nvcc; install CUDA's compiler, or set NVCC or CUDA_HOME"


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A library that is loaded.

    Attributes:
        library: its file, and how it was built.
        module: its operations.
        built: whether it was built for this call, and not found in the cache.
    """

    library: cache.Library
    module: types.ModuleType
    built: bool


@dataclasses.dataclass(frozen=True)
class _Outcome:
    """The ops' module, or why there is none."""

    module: types.ModuleType | None
    problem: str | None = None


_preferred = "auto"
_outcome: _Outcome | None = None
_warned = False
_once = threading.Lock()


def prefer(implementation: str) -> None:
    """Makes "auto" mean an implementation from here on, in this process: the flag `--ops`.

    Raises:
        InputError: `implementation` is "custom", and the ops cannot be had.
    """
    global _preferred
    _preferred = implementation
    load(implementation)


def load(implementation: str = "auto") -> types.ModuleType | None:
    """Returns the module of custom ops, or None where plain TensorFlow is to be used.

    The first call of a process loads the library, and builds it if the cache has none; the answer
    stays the same from then on. Where TensorFlow sees GPUs, the library must have kernels for them.

    Args:
        implementation: "tensorflow" for None; "auto" for the custom ops where they can be had, and
            else None, after one warning that names the cause; "custom" for the ops or an error.

    Raises:
        InputError: `implementation` is none of these, or it is "custom" and the ops cannot be had.
    """
    if implementation not in IMPLEMENTATIONS:
        raise InputError(
            f"implementation is '{implementation}'; it must be one of {', '.join(IMPLEMENTATIONS)}"
        )
    if implementation == "auto":
        implementation = _preferred
    if implementation == "tensorflow":
        return None
    outcome = _first_outcome()
    if outcome.module is None and implementation == "custom":
        raise InputError(f"the custom operations cannot be used: {outcome.problem}")
    if outcome.module is None:
        _warn(outcome.problem)
    return outcome.module


def load_for_cpu(implementation: str = "auto") -> types.ModuleType | None:
    """The same for operations without GPU kernels: None where TensorFlow sees GPUs."""
    module = load(implementation)
    return None if tf.config.get_visible_devices("GPU") else module


def obtain(sources: Path = KERNELS, cuda: str = "auto", force: bool = False) -> Loaded:
    """Finds or builds the library of some sources, and loads it.

    A library that is damaged, or that does not load, is built again. Without a compiler, a library
    that another one built for this TensorFlow will do.

    Args:
        sources: the folder of the sources.
        cuda: "no", "yes", or "auto": where there is an nvcc and TensorFlow has CUDA.
        force: whether to build what the cache has.

    Raises:
        BuildError: the library cannot be built or loaded, or is without CUDA though that is "yes".
    """
    try:
        recipe = Recipe(sources, find_compiler(), _choose_nvcc(cuda))
    except BuildError:
        library = None if force else cache.find_of_any_compiler(target_key(sources))
        if library is None or (cuda == "yes" and not library.cuda):
            raise
        return Loaded(library, _load(library), built=False)
    library = None if force else cache.find(recipe.key())
    if library is not None and not (cuda == "yes" and not library.cuda):
        with contextlib.suppress(BuildError):
            return Loaded(library, _load(library), built=False)
    print("building the custom operations; once, for a minute or two", file=sys.stderr)
    library = cache.build(recipe, unless=library, force=force)
    if cuda == "yes" and not library.cuda:
        raise BuildError(f"the GPU kernels cannot be built: {library.cuda_problem}")
    return Loaded(library, _load(library), built=True)


def _choose_nvcc(cuda: str) -> Tool | None:
    """The nvcc to build GPU kernels with, or None to build none."""
    if cuda == "no" or (cuda == "auto" and not tf.test.is_built_with_cuda()):
        return None
    try:
        nvcc = find_nvcc()
    except BuildError:
        if cuda == "yes":
            raise
        return None
    if nvcc is None and cuda == "yes":
        raise BuildError(_NO_NVCC)
    return nvcc


def _first_outcome() -> _Outcome:
    global _outcome
    with _once:
        if _outcome is None:
            try:
                loaded = obtain(SOURCES)
                problem = _gpu_problem(loaded.library)
                _outcome = _Outcome(None if problem else loaded.module, problem)
            except BuildError as error:
                _outcome = _Outcome(None, str(error))
        return _outcome


def _load(library: cache.Library) -> types.ModuleType:
    try:
        return tf.load_op_library(str(library.path))
    except (tf.errors.OpError, OSError) as error:
        raise BuildError(f"{library.path} does not load: {error}") from None


def _gpu_problem(library: cache.Library) -> str | None:
    """Why the GPUs that TensorFlow uses cannot use the library; None without GPUs."""
    if not tf.config.get_visible_devices("GPU"):
        return None
    if not library.cuda:
        return f"there is a GPU, and no kernels for it: {library.cuda_problem or _nvcc_problem()}"
    ask = ctypes.CDLL(str(library.path)).gaps_gpu_problem
    ask.restype = ctypes.c_char_p
    problem = ask()
    return problem and f"the GPU kernels cannot run: {problem.decode()}"


def _nvcc_problem() -> str:
    try:
        return _NO_NVCC if find_nvcc() is None else "the library was built without CUDA"
    except BuildError as error:
        return str(error)


def _warn(problem: str | None) -> None:
    global _warned
    with _once:
        if not _warned:
            logging.warning(
                "the custom operations cannot be used: %s. Plain TensorFlow takes over; its "
                "resampling is up to 5 times slower.",
                problem,
            )
        _warned = True
