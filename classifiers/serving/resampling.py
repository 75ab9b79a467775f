"""Pillow's resizing in TensorFlow, bit for bit, so that a served model sees what was trained on.

Pillow resizes rows, rounds to bytes, then resizes columns; its weights are whole numbers of 2**-22.
Here they are the entries of a sparse matrix in float64, in which such sums are exact.
"""

import math

import tensorflow as tf

_UNIT = 2.0**22


def resize_square(images: tf.Tensor, resolution: int, resize_filter: str) -> tf.Tensor:
    """What `PIL.Image.resize` makes of a square image.

    Args:
        images: uint8 [S, S, C], S not known beforehand.
        resolution: R.
        resize_filter: "lanczos" or "box".

    Returns:
        uint8 [R, R, C].
    """
    side, channels = tf.shape(images)[0], images.shape[-1]
    weights = tf.sparse.from_dense(pillow_weights(side, resolution, resize_filter))

    def resize_first(pixels: tf.Tensor) -> tf.Tensor:  # [S, T, C] to [R, T, C]
        columns = tf.reshape(pixels, [side, -1])
        sums = tf.sparse.sparse_dense_matmul(weights, tf.cast(columns, tf.float64))
        rounded = tf.clip_by_value(tf.floor(sums / _UNIT + 0.5), 0, 255)
        return tf.reshape(tf.cast(rounded, tf.uint8), [resolution, -1, channels])

    across = resize_first(tf.transpose(images, [1, 0, 2]))
    resized = resize_first(tf.transpose(across, [1, 0, 2]))
    return tf.ensure_shape(resized, [resolution, resolution, channels])


def pillow_weights(side: tf.Tensor, resolution: int, resize_filter: str) -> tf.Tensor:
    """Weights of each pixel in each pixel of the result, in units of 2**-22.

    The filter is stretched by the factor of reduction; where it reaches over the edge, the rest is
    made to sum to 1.

    Args:
        side: S, an integer tensor.
        resolution: R.
        resize_filter: "lanczos" or "box".

    Returns:
        float64 [R, S], whole numbers.
    """
    function, radius = {"box": (_box, 0.5), "lanczos": (_lanczos, 3.0)}[resize_filter]
    # Where a pixel lies on the edge of a box, the last bit decides. A plain division by a constant
    # is made a multiplication by its reciprocal when the graph is optimized.
    scale = tf.math.divide_no_nan(tf.cast(side, tf.float64), tf.constant(resolution, tf.float64))
    stretch = tf.maximum(scale, 1.0)
    center = (tf.range(resolution, dtype=tf.float64)[:, None] + 0.5) * scale
    pixel = tf.cast(tf.range(side), tf.float64)
    first = tf.floor(center - radius * stretch + 0.5)
    behind = tf.floor(center + radius * stretch + 0.5)
    weights = function((pixel - center + 0.5) * (1.0 / stretch))
    weights = tf.where((pixel >= first) & (pixel < behind), weights, 0.0)
    weights /= tf.reduce_sum(weights, axis=1, keepdims=True)
    return tf.sign(weights) * tf.floor(tf.abs(weights) * _UNIT + 0.5)


def _box(x: tf.Tensor) -> tf.Tensor:
    return tf.cast((x > -0.5) & (x <= 0.5), tf.float64)


def _lanczos(x: tf.Tensor) -> tf.Tensor:
    return tf.where((x >= -3.0) & (x < 3.0), _sinc(x) * _sinc(x / 3.0), 0.0)


def _sinc(x: tf.Tensor) -> tf.Tensor:
    angle = math.pi * x
    return tf.where(x == 0.0, tf.ones_like(x), tf.math.divide_no_nan(tf.sin(angle), angle))
