"""The filter operation: insert zeros, pad, convolve, keep every n-th sample."""

import types
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.ops import plain
from gan_knowledge_gaps.stylegan2.ops.arguments import (
    Pair,
    as_images,
    as_kernel,
    as_padding,
    as_pair,
    sizes,
)
from gan_knowledge_gaps.training.native import library


def upfirdn_2d(
    images: tf.Tensor,
    kernel,
    up: int | Sequence[int] = 1,
    down: int | Sequence[int] = 1,
    padding: Sequence[int] = (0, 0, 0, 0),
    gain: float = 1.0,
    data_format: str = "NHWC",
    implementation: str = "auto",
) -> tf.Tensor:
    """Filters images between two sampling rates.

    In this order: puts up - 1 zeros after each sample; pads with zeros, or crops where padding is
    negative; convolves with `kernel`, which is a true convolution (the kernel is flipped, as in
    `scipy.signal`) where the whole kernel lies inside the image; keeps the first of every `down`
    samples. Each axis of the result has `(size * up + padding - kernel size) // down + 1` samples.

    It has derivatives of any order with respect to the images. The kernel is a constant and has
    none.

    Args:
        images: [N, H, W, C], or [N, C, H, W] in NCHW; float16, bfloat16, float32 or float64. H and
            W are at least 1, N and C may be 0.
        kernel: constant numbers: a matrix [height, width], or a vector, which stands for its outer
            product with itself. They are rounded to float32.
        up: factor, or (vertical, horizontal), at least 1.
        down: factor, or (vertical, horizontal), at least 1.
        padding: (top, bottom, left, right), in samples after the zeros are inserted.
        gain: factor of the kernel.
        data_format: "NHWC" or "NCHW".
        implementation: "auto", "custom" or "tensorflow"; see `training.native`.

    Returns:
        The filtered images, in the layout and dtype of `images`. Sums are taken in float32, in
        float64 for float64.

    Raises:
        InputError: an argument is not as above, the result would have no pixels, or
            `implementation` is "custom" and the custom operation cannot be had.
        tf.errors.InvalidArgumentError: the result would have no pixels, where shapes are only
            known when the operation runs.
    """
    images = as_images(images, data_format)
    kernel = as_kernel(kernel, gain)
    up, down, padding = as_pair("up", up), as_pair("down", down), as_padding(padding)
    _check_sizes(images, kernel, up, padding, data_format)
    module = library.load(implementation)
    if module is None or _lives_on_gpu_as_double(images):
        return plain.upfirdn_2d(images, kernel, up, down, padding, data_format)
    return _custom(module, images, kernel, up, down, padding, data_format)


def _check_sizes(images, kernel: np.ndarray, up: Pair, padding: Sequence[int], layout: str) -> None:
    for axis in range(2):
        size = images.shape[layout.index("H") + axis]
        before, after = padding[2 * axis : 2 * axis + 2]
        if size is not None and (size < 1 or size * up[axis] + before + after < kernel.shape[axis]):
            raise InputError(
                f"images of shape {images.shape} ({layout}) with padding {tuple(padding)} are "
                f"smaller than the kernel, {kernel.shape}"
            )


def _lives_on_gpu_as_double(images: tf.Tensor) -> bool:
    """Whether the custom operation would fetch the images from the GPU: it has no float64 there."""
    return images.dtype == tf.float64 and bool(tf.config.get_visible_devices("GPU"))


def _custom(
    module: types.ModuleType,
    images: tf.Tensor,
    kernel: np.ndarray,
    up: Pair,
    down: Pair,
    padding: Sequence[int | tf.Tensor],
    data_format: str,
) -> tf.Tensor:
    """The custom operation; its gradient is itself, with the rates exchanged."""

    @tf.custom_gradient
    def call(images: tf.Tensor):
        output = module.gaps_upfirdn2d(
            images=images,
            kernel=kernel,
            padding=tf.stack(padding),
            up=up,
            down=down,
            data_format=data_format,
        )

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            back = _gradient_padding(images, upstream, kernel, up, down, padding, data_format)
            flipped = kernel[::-1, ::-1]
            return _custom(module, upstream, flipped, down, up, back, data_format)

        return output, gradient

    return call(images)


def _gradient_padding(
    images, upstream, kernel, up: Pair, down: Pair, padding, layout: str
) -> list[int | tf.Tensor]:
    """The padding that takes the output's samples back to where they came from.

    Input sample i meets output sample y at the kernel's index y * down + size - 1 - i * up - before
    (size and before being the kernel's and the padding's). The flipped kernel, at the exchanged
    rates, has it there with size - 1 - before in the place of before; what is after the last sample
    follows from the number of samples, that of `images`.
    """
    back = []
    for axis in range(2):
        dimension = layout.index("H") + axis
        size, out_size = sizes(images)[dimension], sizes(upstream)[dimension]
        before = padding[2 * axis]
        back.append(kernel.shape[axis] - 1 - before)
        back.append((size - 1) * up[axis] + 1 + before - out_size * down[axis])
    return back
