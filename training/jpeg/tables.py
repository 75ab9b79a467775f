"""JPEG's numbers: quantization tables, the cosine transform, the colour transform."""

import numpy as np
import tensorflow as tf

# ITU-T T.81, annex K, tables K.1 and K.2; rows are vertical frequencies.
LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
CHROMINANCE = np.array(
    [
        [17, 18, 24, 47, 99, 99, 99, 99],
        [18, 21, 26, 66, 99, 99, 99, 99],
        [24, 26, 56, 99, 99, 99, 99, 99],
        [47, 66, 99, 99, 99, 99, 99, 99],
        *[[99] * 8] * 4,
    ],
    np.float32,
)

# The orthonormal cosine transform of 8 samples: COSINES @ samples.
_FREQUENCY, _SAMPLE = np.mgrid[:8, :8]
COSINES = np.cos((2 * _SAMPLE + 1) * _FREQUENCY * np.pi / 16) / 2
COSINES[0] /= np.sqrt(2)

# ITU-T T.871 (JFIF), section 7: Y, Cb, Cr of R, G, B, but for the chroma's offset of 128.
TO_YCBCR = np.array(
    [[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]]
)
TO_RGB = np.array([[1, 0, 1.402], [1, -0.344136286, -0.714136286], [1, 1.772, 0]])


def quantization(table: np.ndarray, quality: tf.Tensor) -> tf.Tensor:
    """A table at the given qualities, by the formula of the Independent JPEG Group's library.

    Args:
        table: [8, 8].
        quality: integers [N], 1 ... 100.

    Returns:
        [N, 8, 8], whole numbers 1 ... 255, float32.
    """
    quality = tf.cast(quality, tf.int32)[:, None, None]
    scale = tf.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    scaled = (tf.constant(table, tf.int32) * scale + 50) // 100
    return tf.cast(tf.clip_by_value(scaled, 1, 255), tf.float32)
