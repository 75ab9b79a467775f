"""JPEG encoding and decoding with a gradient, by the custom operation or in plain TensorFlow."""

import tensorflow as tf

from gan_knowledge_gaps.training.jpeg import plain
from gan_knowledge_gaps.training.jpeg.tables import CHROMINANCE, LUMINANCE, quantization
from gan_knowledge_gaps.training.native import library


def encode_decode(
    images: tf.Tensor, quality: tf.Tensor, implementation: str = "tensorflow"
) -> tf.Tensor:
    """Images as they come back from JPEG, with 4:2:0 chroma and the standard tables.

    Both implementations have the library's pixels, to the bit, and the gradient of `plain`, to
    rounding. The custom operation is for float32 on CPUs; plain TensorFlow takes over elsewhere.

    Args:
        images: [N, H, W, 1 or 3] in [0, 255], floating; H and W known.
        quality: integers [N], 1 ... 100.
        implementation: "auto", "custom" or "tensorflow"; see `training.native`.

    Returns:
        The same shape and dtype, whole numbers.

    Raises:
        InputError: `implementation` is "custom", and the custom operations cannot be had.
    """
    computed_in = tf.float64 if images.dtype == tf.float64 else tf.float32
    module = library.load_for_cpu(implementation)
    if module is None or computed_in != tf.float32:
        decoded = plain.encode_decode(tf.cast(images, computed_in), quality)
    else:
        decoded = _custom(module, tf.cast(images, tf.float32), quality)
    return tf.cast(decoded, images.dtype)


def _custom(module, images: tf.Tensor, quality: tf.Tensor) -> tf.Tensor:
    tables = (LUMINANCE,) if images.shape[-1] == 1 else (LUMINANCE, CHROMINANCE)
    steps = tf.stack([tf.reshape(quantization(each, quality), [-1, 64]) for each in tables], axis=1)
    steps = tf.cast(steps, tf.int32)

    @tf.custom_gradient
    def call(images: tf.Tensor):
        def gradient(upstream: tf.Tensor):
            return module.gaps_jpeg_gradient(images=images, steps=steps, upstream=upstream)

        return module.gaps_jpeg(images=images, steps=steps), gradient

    return call(images)
