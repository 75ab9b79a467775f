"""The steps of JPEG in libjpeg's whole numbers, to the bit, in Keras' operations.

All numbers are whole and below 2**24, so that floats hold them, and every runtime that knows
multiplication, addition and `floor` computes the same: TensorFlow, XLA, ONNX, LiteRT. `soft` has
the same steps without the roundings. They take symbolic tensors, too, and so make networks that
are saved as Keras' own operations.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

# The transform of Loeffler, Ligtenberg & Moschytz 1989 ("Practical fast 1-D DCT algorithms with 11
# multiplications") with the constants of libjpeg's accurate integer method ("islow"), 13 bits of
# fraction: sqrt(8) * 2**13 times the cosines, but that sums of rounded constants are not rounded
# sums. Rows are frequencies.
COSINES = np.array(
    [
        [8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192],
        [11363, 9633, 6437, 2260, -2260, -6437, -9633, -11363],
        [10703, 4433, -4433, -10703, -10703, -4433, 4433, 10703],
        [9633, -2259, -11362, -6436, 6436, 11362, 2259, -9633],
        [8192, -8192, -8192, 8192, 8192, -8192, -8192, 8192],
        [6437, -11362, 2261, 9633, -9633, -2261, 11362, -6437],
        [4433, -10704, 10704, -4433, -4433, 10704, -10704, 4433],
        [2260, -6436, 9633, -11363, 11363, -9633, 6436, -2260],
    ]
)
_PART = 128


def nearest(images: tf.Tensor) -> tf.Tensor:
    """Whole numbers."""
    return ops.round(images)


def to_ycbcr(images: tf.Tensor) -> tf.Tensor:
    """Luma and chroma, in 16 bits of fraction: [N, H, W, 3] to the same."""
    r, g, b = ops.unstack(images, axis=-1)
    y = _over(19595 * r + 38470 * g + 7471 * b + 2**15, 2**16)
    cb = _over(2**15 * b - 11059 * r - 21709 * g + (2**15 - 1), 2**16) + 128
    cr = _over(2**15 * r - 27439 * g - 5329 * b + (2**15 - 1), 2**16) + 128
    return ops.stack([y, cb, cr], axis=-1)


def to_rgb(ycbcr: tf.Tensor) -> tf.Tensor:
    """The inverse, not yet clipped."""
    y, cb, cr = ops.unstack(ycbcr, axis=-1)
    cb, cr = cb - 128, cr - 128
    r = y + _over(91881 * cr + 2**15, 2**16)
    g = y + _over(2**15 - 22554 * cb - 46802 * cr, 2**16)
    b = y + _over(116130 * cb + 2**15, 2**16)
    return ops.stack([r, g, b], axis=-1)


def halve(sums: tf.Tensor) -> tf.Tensor:
    """Means from sums of four; halves are rounded down in even columns and up in odd ones."""
    bias = _constant(1 + np.arange(sums.shape[2]) % 2, sums)
    return _over(sums + bias, 4)


def enlarge(even: tf.Tensor, odd: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Means from sums of sixteen in even and in odd columns."""
    return _over(even + 8, 16), _over(odd + 7, 16)


def quantize(blocks: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """Samples less 128 to multiples of the steps, halves away from 0.

    Args:
        blocks: [N, rows, 8, columns, 8].
        steps: [N, 1, 1, 8, 8], the last axis for vertical frequencies.

    Returns:
        [N, rows, columns, 8, 8], the last axis for vertical frequencies.
    """
    across = _transform(blocks, COSINES.T, 11)
    # 8 times the coefficients
    scaled = _transform(ops.transpose(across, [0, 1, 3, 4, 2]), COSINES.T, 15, is_wide=True)
    # With a half added, no error of a division reaches the next quotient.
    return ops.sign(scaled) * ops.floor((ops.abs(scaled) + 4 * steps + 0.5) / (8 * steps))


def restore(multiples: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """The inverse, not yet clipped."""
    down = _transform(multiples * steps, COSINES, 11)
    return _transform(ops.transpose(down, [0, 1, 4, 2, 3]), COSINES, 18, is_wide=True)


def _constant(values: np.ndarray, like: tf.Tensor) -> np.ndarray:
    return values.astype(keras.backend.standardize_dtype(like.dtype))


def _over(number: tf.Tensor, power_of_two: int) -> tf.Tensor:
    return ops.floor(number / power_of_two)


def _transform(x: tf.Tensor, matrix: np.ndarray, bits: int, is_wide: bool = False) -> tf.Tensor:
    """`x @ matrix` over 2**bits, to the nearest whole number; halves go up.

    The product has more bits than a float32, so that the upper and the lower bits of the matrix are
    multiplied apart. No factor has more than 11 bits then, which a GPU keeps that multiplies in
    TF32: numbers of more bits (`is_wide`) are taken apart, too.
    """
    upper = np.floor(matrix / _PART + 0.5)
    factors = np.concatenate([upper, matrix - _PART * upper], axis=1)
    if is_wide:
        high = _over(x, _PART)
        x = ops.concatenate([high, x - _PART * high], axis=-1)
        factors = np.concatenate([_PART * factors, factors])
    product = ops.tensordot(x, _constant(factors, x), 1)
    upper, lower = ops.split(product, 2, axis=-1)
    return _over(upper + _over(lower + 2 ** (bits - 1), _PART), 2**bits // _PART)
