"""What the operations' arguments must be, and the forms that the implementations take them in."""

import numbers
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import InputError

Pair = tuple[int, int]

DTYPES = (tf.float16, tf.bfloat16, tf.float32, tf.float64)


def check_floating(name: str, tensor: tf.Tensor) -> None:
    """Raises InputError unless a tensor's dtype is one that the operations have."""
    if tensor.dtype not in DTYPES:
        allowed = ", ".join(each.name for each in DTYPES)
        raise InputError(f"{name} is of dtype {tensor.dtype.name}; it must be one of {allowed}")


def as_images(images: tf.Tensor, data_format: str) -> tf.Tensor:
    """Images as a tensor of rank 4.

    Raises:
        InputError: they have another rank or an unsupported dtype, or there is no such layout.
    """
    if data_format not in ("NHWC", "NCHW"):
        raise InputError(f"data_format is '{data_format}'; it must be NHWC or NCHW")
    images = tf.convert_to_tensor(images)
    check_floating("images", images)
    if images.shape.rank not in (4, None):
        raise InputError(f"images have shape {images.shape}; they must be {data_format}")
    return tf.ensure_shape(images, [None] * 4) if images.shape.rank is None else images


def as_pair(name: str, value: int | Sequence[int]) -> Pair:
    """A factor, or a vertical and a horizontal one, as (vertical, horizontal).

    Raises:
        InputError: it is not one or two whole numbers of at least 1.
    """
    pair: tuple = (value, value) if isinstance(value, numbers.Number) else tuple(cast(Any, value))
    if len(pair) != 2 or not all(
        isinstance(x, numbers.Integral) and 1 <= int(x) < 2**30 for x in pair
    ):
        raise InputError(f"{name} is {value}; it must be one or two whole numbers of at least 1")
    return int(pair[0]), int(pair[1])


def as_padding(padding: Sequence[int]) -> tuple[int, int, int, int]:
    """Padding as (top, bottom, left, right); negative numbers crop.

    Raises:
        InputError: it is not four whole numbers, or they are larger than the operation takes.
    """
    values = tuple(padding)
    if len(values) != 4 or not all(isinstance(x, numbers.Integral) for x in values):
        raise InputError(f"padding is {padding}; it must be (top, bottom, left, right)")
    if max(map(abs, values)) > 2**30:
        raise InputError(f"padding is {padding}; it must not exceed 2^30")
    top, bottom, left, right = map(int, values)
    return top, bottom, left, right


def as_kernel(kernel, gain: float = 1.0, normalize: bool = False) -> np.ndarray:
    """A filter as a float32 matrix [height, width], times `gain`.

    Args:
        kernel: a matrix, or a vector, which stands for its outer product with itself; constant.
        gain: factor.
        normalize: divide by the sum first.

    Raises:
        InputError: it is not constant, empty, of another rank, or its sum is 0 and must be 1.
    """
    if isinstance(kernel, tf.Variable) or (tf.is_tensor(kernel) and not hasattr(kernel, "numpy")):
        raise InputError(
            "kernel must be constant (numbers or a NumPy array), as it gets no gradient; a filter "
            "to be trained is one for tf.nn.depthwise_conv2d"
        )
    kernel = np.asarray(kernel, np.float64)
    if kernel.ndim == 1:
        kernel = np.outer(kernel, kernel)
    if kernel.ndim != 2 or not kernel.size:
        raise InputError(f"kernel has shape {kernel.shape}; it must be a vector or a matrix")
    if normalize:
        if kernel.sum() == 0:
            raise InputError("kernel sums up to 0; it cannot be normalised")
        kernel = kernel / kernel.sum()
    return (kernel * gain).astype(np.float32)


def sizes(tensor: tf.Tensor) -> list:
    """A tensor's shape: numbers where they are known, else scalar tensors."""
    dynamic = tf.shape(tensor)
    return [dynamic[i] if size is None else size for i, size in enumerate(tensor.shape)]
