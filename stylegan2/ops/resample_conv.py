"""Convolutions that resample, in one filter pass (Karras et al., 2020, appendix B).

Filter and convolution may be exchanged. Done in the other order, the convolution runs at the lower
of both resolutions, as one with strides.
"""

from collections.abc import Sequence

import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.ops.arguments import Pair, as_images, as_kernel, as_pair, sizes
from gan_knowledge_gaps.stylegan2.ops.resample import (
    KERNEL,
    downsampling_padding,
    upsampling_padding,
)
from gan_knowledge_gaps.stylegan2.ops.upfirdn_2d import upfirdn_2d


def upsample_conv_2d(
    images: tf.Tensor,
    weights: tf.Tensor,
    kernel=KERNEL,
    factor: int | Sequence[int] = 2,
    gain: float = 1.0,
    data_format: str = "NHWC",
    implementation: str = "auto",
) -> tf.Tensor:
    """`upsample_2d`, then `tf.nn.conv2d`, as a transposed convolution and one filter pass.

    It equals `tf.nn.conv2d(upsample_2d(images), weights, 1, "SAME")`, except at the border: the
    enlarged image is not cut off there, but the convolution sees the filter's tail outside of it.

    Args:
        images: [N, H, W, in], or [N, in, H, W] in NCHW; dtypes as in `upfirdn_2d`.
        weights: [height, width, in, out], of the dtype of `images`; they have gradients.
        kernel: the filter, as in `upsample_2d`.
        factor: factor, or (vertical, horizontal).
        gain: further factor of the filter.
        data_format: "NHWC" or "NCHW".
        implementation: of the filter: "auto", "custom" or "tensorflow"; see `training.native`.

    Returns:
        [N, H * factor, W * factor, out], in the layout of `images`.

    Raises:
        InputError: as in `upfirdn_2d`; or weights are not of rank 4, or their shape is unknown.
    """
    images, weights = as_images(images, data_format), _as_weights(weights)
    factor = as_pair("factor", factor)
    kernel = as_kernel(kernel, gain * factor[0] * factor[1], normalize=True)
    padding = []
    for size, up, width in zip(kernel.shape, factor, weights.shape, strict=False):
        # The transposed convolution's result begins width - 1 pixels early, "SAME"'s half of that;
        # and it ends width pixels after the last pixel, not `up`.
        before, after = upsampling_padding(size, up)
        padding += [before - width // 2, after + up - 1 - (width - 1) // 2]
    images = _transposed_conv(images, weights, factor, data_format)
    return upfirdn_2d(images, kernel, 1, 1, padding, 1.0, data_format, implementation)


def conv_downsample_2d(
    images: tf.Tensor,
    weights: tf.Tensor,
    kernel=KERNEL,
    factor: int | Sequence[int] = 2,
    gain: float = 1.0,
    data_format: str = "NHWC",
    implementation: str = "auto",
) -> tf.Tensor:
    """`tf.nn.conv2d`, then `downsample_2d`, as one filter pass and a convolution with strides.

    It equals `downsample_2d(tf.nn.conv2d(images, weights, 1, "SAME"))`, except at the border: the
    convolution's result is not cut off there, but the filter sees its tail outside of the images.

    Args:
        images: [N, H, W, in], or [N, in, H, W] in NCHW; dtypes as in `upfirdn_2d`.
        weights: [height, width, in, out], of the dtype of `images`; they have gradients.
        kernel: the filter, as in `downsample_2d`.
        factor: factor, or (vertical, horizontal).
        gain: further factor of the filter.
        data_format: "NHWC" or "NCHW".
        implementation: of the filter: "auto", "custom" or "tensorflow"; see `training.native`.

    Returns:
        [N, H // factor, W // factor, out], in the layout of `images`.

    Raises:
        InputError: as in `upfirdn_2d`; or weights are not of rank 4, or their shape is unknown.
    """
    images, weights = as_images(images, data_format), _as_weights(weights)
    factor = as_pair("factor", factor)
    kernel = as_kernel(kernel, gain, normalize=True)
    padding = []
    for size, down, width in zip(kernel.shape, factor, weights.shape, strict=False):
        before, after = downsampling_padding(size, down)
        padding += [before + (width - 1) // 2, after + width // 2]
    images = upfirdn_2d(images, kernel, 1, 1, padding, 1.0, data_format, implementation)
    return _strided_conv(images, weights, factor, data_format)


def _as_weights(weights: tf.Tensor) -> tf.Tensor:
    weights = tf.convert_to_tensor(weights)
    if weights.shape.rank != 4 or None in weights.shape[:2]:
        raise InputError(
            f"weights have shape {weights.shape}; they must be [height, width, in, out]"
        )
    return weights


def _transposed_conv(images, weights: tf.Tensor, factor: Pair, data_format: str) -> tf.Tensor:
    """Inserts zeros and correlates with the weights, wherever one of them meets a pixel."""
    if data_format == "NCHW" and not _has_nchw_convolution():
        images = tf.transpose(images, [0, 2, 3, 1])
        return tf.transpose(_transposed_conv(images, weights, factor, "NHWC"), [0, 3, 1, 2])
    shape = sizes(images)
    shape[data_format.index("C")] = sizes(weights)[3]
    for axis in range(2):
        place = data_format.index("H") + axis
        shape[place] = (shape[place] - 1) * factor[axis] + weights.shape[axis]
    flipped = tf.transpose(tf.reverse(weights, [0, 1]), [0, 1, 3, 2])
    return tf.nn.conv2d_transpose(images, flipped, shape, factor, "VALID", data_format)


def _strided_conv(images, weights: tf.Tensor, factor: Pair, data_format: str) -> tf.Tensor:
    if data_format == "NCHW" and not _has_nchw_convolution():
        images = tf.transpose(images, [0, 2, 3, 1])
        return tf.transpose(_strided_conv(images, weights, factor, "NHWC"), [0, 3, 1, 2])
    return tf.nn.conv2d(images, weights, factor, "VALID", data_format)


def _has_nchw_convolution() -> bool:
    """Only GPUs have one that works with all of TensorFlow's settings."""
    return bool(tf.config.get_visible_devices("GPU"))
