"""The custom operations' part of `python -m training.doctor`: built, loaded, and right.

The doctor calls `checks` in a process of its own.
"""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from filelock import FileLock, Timeout

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.ops.fused_bias_act import fused_bias_act
from gan_knowledge_gaps.stylegan2.ops.resample import downsample_2d, upsample_2d
from gan_knowledge_gaps.training.doctor.check import OK, Check, guarded, problem
from gan_knowledge_gaps.training.native import cache, library
from gan_knowledge_gaps.training.native.errors import BuildError
from gan_knowledge_gaps.training.runtime import configure

# Relative to the largest number: float32 rounds at 6e-8, and sums are of a few dozen terms.
TOLERANCE = 1e-5
_BUILD = "python -m training.native.build says what it finds"
_PLAIN = "training works without, in plain TensorFlow; resampling is up to 5 times slower there"


def checks() -> list[Check]:
    """Whether the operations can be had, and compute what plain TensorFlow computes."""
    configure()
    found = guarded("Custom operations", lambda: library_available(cache.folder()))
    if not all(each.status == OK for each in found):
        return found
    tf.config.experimental.enable_tensor_float_32_execution(False)
    for device in tf.config.list_logical_devices():
        found += guarded("Custom operations", functools.partial(right, device.name, values))
    return found


def library_available(folder: Path) -> Check:
    """Whether the library is there, or can be built, and loads.

    Args:
        folder: the cache of libraries.
    """
    check = "Custom operations"
    busy = locked(folder)
    if busy:
        found = f"another process is building them, or hangs while it does ({busy[0]})"
        return Check(check, found, "wait until it is done, or end it; the lock ends with it")
    try:
        library.load("custom")
        loaded = library.obtain()
    except (InputError, BuildError) as error:
        return Check(check, f"{error}", f"{_BUILD}; {_PLAIN}")
    built = loaded.library
    kind = "the CPU and GPUs" if built.cuda else "the CPU"
    return Check(check, f"built for {kind} in {built.seconds:.0f} s, {built.path}")


def locked(folder: Path) -> list[Path]:
    """The locks of builds that some process holds; a file that nobody holds does no harm."""
    held = []
    for path in sorted(folder.glob("*.lock")):
        try:
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            held.append(path)
        except OSError:  # a cache that cannot be written may still hold the library
            continue
    return held


def right(device: str, compute: Callable[[str], Sequence[np.ndarray]]) -> Check:
    """Whether the custom operations' numbers are those of plain TensorFlow.

    Args:
        device: where, for the outcome and for TensorFlow.
        compute: an implementation to its numbers; see `values`.
    """
    with tf.device(device):
        pairs = zip(compute("custom"), compute("tensorflow"), strict=True)
        errors = [np.abs(one - other).max() / np.abs(other).max() for one, other in pairs]
    found = f"{device}: they differ from plain TensorFlow by {max(errors):.0e}"
    if max(errors) <= TOLERANCE:  # false for NaN, too
        return Check("Custom operations", found)
    return problem(
        "Custom operations",
        found,
        "python -m training.native.build --force; if it stays, train with --ops=tensorflow",
    )


def values(implementation: str) -> list[np.ndarray]:
    """A small layer's values, and the gradients of its gradient's square, as R1 takes them."""
    images = tf.random.stateless_normal([2, 8, 6, 5], (1, 2))
    bias = tf.random.stateless_normal([5], (3, 4))
    with tf.GradientTape() as outer:
        outer.watch([images, bias])
        with tf.GradientTape() as inner:
            inner.watch(images)
            resampled = upsample_2d(images, implementation=implementation)
            resampled = fused_bias_act(resampled, bias, "swish", implementation=implementation)
            resampled = downsample_2d(resampled, implementation=implementation)
        gradient = inner.gradient(resampled, images)
        square = tf.reduce_sum(gradient**2)
    return [each.numpy() for each in (resampled, gradient, *outer.gradient(square, [images, bias]))]
