"""The steps of JPEG as the smooth functions whose derivatives are its gradient.

They are those of `exact` in the same order and shapes, without roundings, but for that of
coefficients: it is `round(x) + (x - round(x))^3` (Shin & Song 2017, "JPEG-resistant adversarial
images"). Constants take the dtype of the images, so that tests can run them in float64.
"""

import tensorflow as tf

from gan_knowledge_gaps.training.jpeg.tables import COSINES, TO_RGB, TO_YCBCR

_OFFSET = [0, 128, 128]


def nearest(images: tf.Tensor) -> tf.Tensor:
    """The images themselves."""
    return tf.identity(images)


def to_ycbcr(images: tf.Tensor) -> tf.Tensor:
    """Luma and chroma: [N, H, W, 3] to the same."""
    return _colors(images, TO_YCBCR) + _OFFSET


def to_rgb(ycbcr: tf.Tensor) -> tf.Tensor:
    """The inverse, not yet clipped."""
    return _colors(ycbcr - _OFFSET, TO_RGB)


def halve(sums: tf.Tensor) -> tf.Tensor:
    """Means from sums of four."""
    return sums / 4


def enlarge(even: tf.Tensor, odd: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Means from sums of sixteen."""
    return even / 16, odd / 16


def quantize(blocks: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """Samples less 128 to multiples of the steps; shapes as in `exact`."""
    cosines = tf.constant(COSINES, blocks.dtype)
    x = tf.einsum("nrycx,vy,ux->nrcuv", blocks, cosines, cosines) / steps
    nearest = tf.stop_gradient(tf.round(x))
    return nearest + (x - nearest) ** 3


def restore(multiples: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """The inverse, not yet clipped."""
    cosines = tf.constant(COSINES, multiples.dtype)
    return tf.einsum("nrcuv,vy,ux->nrycx", multiples * steps, cosines, cosines)


def _colors(images: tf.Tensor, matrix) -> tf.Tensor:
    return tf.einsum("nhwc,dc->nhwd", images, tf.constant(matrix, images.dtype))
