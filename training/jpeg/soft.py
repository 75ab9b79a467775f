"""JPEG encoding and decoding in plain TensorFlow: batched, on any device, with a gradient.

The forward pass follows the library's decoder and encoder step by step, integers included: colour
transform, chroma of half the size, 8x8 cosine transform, quantization, and back. The backward pass
is that of a soft JPEG: roundings of pixels pass the gradient on as it is; the rounding of a
coefficient passes it as that of `round(x) + (x - round(x))^3` does (Shin & Song 2017,
"JPEG-resistant adversarial images"); clipping passes nothing where it clips.

Constants and helpers take the dtype of the images, so that tests can run it in float64.
"""

import tensorflow as tf

from training.jpeg.tables import (
    CHROMINANCE,
    COSINES,
    LUMINANCE,
    TO_RGB,
    TO_YCBCR,
    quantization,
)

BLOCK = 8


def encode_decode(images: tf.Tensor, quality: tf.Tensor, soft: bool = False) -> tf.Tensor:
    """Images as they come back from JPEG, with 4:2:0 chroma and the standard tables.

    Args:
        images: [N, H, W, 1 or 3] in [0, 255], floating; H and W known.
        quality: integers [N], 1 ... 100.
        soft: the forward pass is the soft JPEG itself, of which the gradient is the derivative.

    Returns:
        The same shape and dtype, whole numbers unless soft.
    """
    height, width, channels = images.shape[1:]
    whole = _Rounding(soft)
    images = whole.pixels(tf.clip_by_value(images, 0, 255))
    if channels == 1:
        return whole.clipped(_plane(images[..., 0], LUMINANCE, quality, whole))[..., None]
    y, cb, cr = tf.unstack(whole.pixels(_colors(images, TO_YCBCR) + _OFFSET), axis=-1)
    y = _plane(y, LUMINANCE, quality, whole)
    chroma = []
    for plane in (cb, cr):
        halved = _halve(plane, whole)
        decoded = _plane(halved, CHROMINANCE, quality, whole)
        chroma.append(_double(decoded, whole)[:, :height, :width])
    ycbcr = tf.stack([y, *chroma], axis=-1)
    return whole.clipped(_colors(ycbcr - _OFFSET, TO_RGB))


_OFFSET = [0, 128, 128]


class _Rounding:
    """Where the library rounds; `soft` leaves pixels as they are and rounds coefficients softly."""

    def __init__(self, soft: bool):
        self.soft = soft

    def pixels(self, x: tf.Tensor) -> tf.Tensor:
        """To whole numbers; halves go up."""
        return x if self.soft else x + tf.stop_gradient(tf.floor(x + 0.5) - x)

    def divided(self, total: tf.Tensor, divisor: int, bias) -> tf.Tensor:
        """The whole number below (total + bias) / divisor; softly, total / divisor."""
        mean = total / divisor
        if self.soft:
            return mean
        return mean + tf.stop_gradient(tf.floor((total + bias) / divisor) - mean)

    def clipped(self, x: tf.Tensor) -> tf.Tensor:
        """To whole numbers in 0 ... 255."""
        return tf.clip_by_value(self.pixels(x), 0, 255)

    def coefficients(self, x: tf.Tensor) -> tf.Tensor:
        """To whole numbers; the gradient is 3 (x - round(x))^2."""
        nearest = tf.stop_gradient(tf.round(x))
        softly = nearest + (x - nearest) ** 3
        return softly if self.soft else softly + tf.stop_gradient(nearest - softly)


def _colors(images: tf.Tensor, matrix) -> tf.Tensor:
    return tf.einsum("nhwc,dc->nhwd", images, tf.constant(matrix, images.dtype))


def _plane(plane: tf.Tensor, table, quality: tf.Tensor, whole: _Rounding) -> tf.Tensor:
    """A plane [N, H, W] through transform, quantization and back."""
    height, width = plane.shape[1:]
    padded = _repeat_edge(plane, -height % BLOCK, -width % BLOCK)
    rows, columns = padded.shape[1] // BLOCK, padded.shape[2] // BLOCK
    blocks = tf.reshape(padded - 128, [-1, rows, BLOCK, columns, BLOCK])
    cosines = tf.constant(COSINES, plane.dtype)
    steps = tf.cast(quantization(table, quality), plane.dtype)[:, None, :, None, :]
    coefficients = tf.einsum("nrycx,vy,ux->nrvcu", blocks, cosines, cosines)
    coefficients = whole.coefficients(coefficients / steps) * steps
    blocks = tf.einsum("nrvcu,vy,ux->nrycx", coefficients, cosines, cosines)
    decoded = tf.reshape(blocks, [-1, rows * BLOCK, columns * BLOCK]) + 128
    return whole.clipped(decoded[:, :height, :width])


def _repeat_edge(plane: tf.Tensor, below: int, right: int) -> tf.Tensor:
    """More rows and columns, copies of the last."""
    if below:
        plane = tf.concat([plane, tf.repeat(plane[:, -1:], below, axis=1)], axis=1)
    if right:
        plane = tf.concat([plane, tf.repeat(plane[:, :, -1:], right, axis=2)], axis=2)
    return plane


def _halve(plane: tf.Tensor, whole: _Rounding) -> tf.Tensor:
    """Means of 2x2 pixels; halves are rounded down in even columns and up in odd ones."""
    plane = _repeat_edge(plane, plane.shape[1] % 2, plane.shape[2] % 2)
    rows = plane[:, ::2] + plane[:, 1::2]
    sums = rows[:, :, ::2] + rows[:, :, 1::2]
    bias = tf.cast(1 + tf.range(sums.shape[2]) % 2, plane.dtype)
    return whole.divided(sums, 4, bias)


def _double(plane: tf.Tensor, whole: _Rounding) -> tf.Tensor:
    """Twice the size by the triangle filter: 3/4 of the nearer sample, 1/4 of the farther."""
    above = tf.concat([plane[:, :1], plane[:, :-1]], axis=1)
    below = tf.concat([plane[:, 1:], plane[:, -1:]], axis=1)
    rows = _interleave(3 * plane + above, 3 * plane + below, axis=1)
    left = tf.concat([rows[:, :, :1], rows[:, :, :-1]], axis=2)
    right = tf.concat([rows[:, :, 1:], rows[:, :, -1:]], axis=2)
    return _interleave(
        whole.divided(3 * rows + left, 16, 8), whole.divided(3 * rows + right, 16, 7), axis=2
    )


def _interleave(even: tf.Tensor, odd: tf.Tensor, axis: int) -> tf.Tensor:
    shape = list(even.shape)
    shape[axis] *= 2
    return tf.reshape(tf.stack([even, odd], axis=axis + 1), [-1, *shape[1:]])
