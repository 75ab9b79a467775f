"""Works around a leak: TensorFlow keeps every graph in which `tf.custom_gradient` was used.

It registers a function for each use, for good, and the function holds the graph (tensorflow#27492,
tensorflow#97697). StyleGAN2's operations and the all-reduce of every strategy are such uses.
"""

import contextlib
import gc
from collections.abc import Iterator
from typing import Any

from tensorflow.python.framework import ops


@contextlib.contextmanager
def release_gradient_registry() -> Iterator[None]:
    """Removes, in the end, the gradient functions that graphs made inside have registered.

    Those graphs can still be called, but not differentiated any more. Without this, a process that
    trains many networks grows by 10 to 150 MB with each.
    """
    before = set(registered())
    try:
        yield
    finally:
        for name in set(registered()) - before:
            del registered()[name]
        gc.collect()  # Graphs hold cycles, and are too few to set off a collection.


def registered() -> dict[str, Any]:
    """TensorFlow's gradient functions by name; empty where TensorFlow keeps them elsewhere."""
    return getattr(getattr(ops, "gradient_registry", None), "_registry", {})
