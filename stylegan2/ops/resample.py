"""Resampling by a low-pass filter: twice as large, half as large, blurred."""

from collections.abc import Sequence

import tensorflow as tf

from gan_knowledge_gaps.stylegan2.ops.arguments import as_kernel, as_pair
from gan_knowledge_gaps.stylegan2.ops.upfirdn_2d import upfirdn_2d

# The filter of StyleGAN2 (Karras et al., 2020): binomial, of order 3.
KERNEL = (1, 3, 3, 1)


def upsample_2d(
    images: tf.Tensor,
    kernel=KERNEL,
    factor: int | Sequence[int] = 2,
    gain: float = 1.0,
    data_format: str = "NHWC",
    implementation: str = "auto",
) -> tf.Tensor:
    """Enlarges images: inserts zeros and filters.

    The kernel is normalised to the sum 1 and multiplied by the number of pixels that one pixel
    becomes, so that constant images stay what they are, except where the filter reaches across the
    border, outside of which there are zeros. The centre of a pixel becomes the centre of its pixels
    (half a pixel further down and to the right where no middle exists).

    Args:
        images: as in `upfirdn_2d`.
        kernel: as in `upfirdn_2d`; its sum must not be 0.
        factor: factor, or (vertical, horizontal).
        gain: further factor of the kernel.
        data_format: "NHWC" or "NCHW".
        implementation: "auto", "custom" or "tensorflow"; see `training.native`.

    Returns:
        Images of the size times `factor`.

    Raises:
        InputError: as in `upfirdn_2d`.
    """
    factor = as_pair("factor", factor)
    kernel = as_kernel(kernel, gain * factor[0] * factor[1], normalize=True)
    padding = [
        each
        for size, up in zip(kernel.shape, factor, strict=True)
        for each in upsampling_padding(size, up)
    ]
    return upfirdn_2d(images, kernel, factor, 1, padding, 1.0, data_format, implementation)


def downsample_2d(
    images: tf.Tensor,
    kernel=KERNEL,
    factor: int | Sequence[int] = 2,
    gain: float = 1.0,
    data_format: str = "NHWC",
    implementation: str = "auto",
) -> tf.Tensor:
    """Makes images smaller: filters, and keeps one pixel of each `factor`.

    The kernel is normalised to the sum 1. The centre of `factor` pixels becomes the centre of the
    one (of those half a pixel further up and to the left where the kernel has no middle there).
    Outside of the images there are zeros. If the size is no multiple of the factor, the last pixels
    have none to belong to.

    Args:
        images: as in `upfirdn_2d`, at least as large as `factor`.
        kernel: as in `upfirdn_2d`; its sum must not be 0.
        factor: factor, or (vertical, horizontal).
        gain: further factor of the kernel.
        data_format: "NHWC" or "NCHW".
        implementation: "auto", "custom" or "tensorflow"; see `training.native`.

    Returns:
        Images of the size divided by `factor`, rounded down.

    Raises:
        InputError: as in `upfirdn_2d`.
    """
    factor = as_pair("factor", factor)
    kernel = as_kernel(kernel, gain, normalize=True)
    padding = [
        each
        for size, down in zip(kernel.shape, factor, strict=True)
        for each in downsampling_padding(size, down)
    ]
    return upfirdn_2d(images, kernel, 1, factor, padding, 1.0, data_format, implementation)


def filter_2d(
    images: tf.Tensor,
    kernel=KERNEL,
    gain: float = 1.0,
    data_format: str = "NHWC",
    implementation: str = "auto",
) -> tf.Tensor:
    """Filters images at their own size.

    The kernel is normalised to the sum 1. Outside of the images there are zeros. A kernel of even
    size moves the images half a pixel down and to the right.

    Args:
        images: as in `upfirdn_2d`.
        kernel: as in `upfirdn_2d`; its sum must not be 0.
        gain: further factor of the kernel.
        data_format: "NHWC" or "NCHW".
        implementation: "auto", "custom" or "tensorflow"; see `training.native`.

    Returns:
        Images of the same size.

    Raises:
        InputError: as in `upfirdn_2d`.
    """
    return downsample_2d(images, kernel, 1, gain, data_format, implementation)


def upsampling_padding(size: int, up: int) -> tuple[int, int]:
    """(before, after) along one axis, for a kernel of some size.

    A pixel's own place is the first of its `up` places, whose middle is (up - 1) / 2 further; the
    kernel's is (size - 1) / 2 after its beginning. `before` is the sum of both; all in all,
    size - 1 keep the size.
    """
    before = (size + up - 1) // 2
    return before, size - 1 - before


def downsampling_padding(size: int, down: int) -> tuple[int, int]:
    """(before, after) along one axis, for a kernel of some size: its middle on that of `down`."""
    before = (size - down + 1) // 2
    return before, size - down - before
