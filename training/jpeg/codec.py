"""JPEG encoding and decoding by the library that TensorFlow brings along."""

import tensorflow as tf

# Of TensorFlow's decoders the one that equals Pillow's and libjpeg-turbo's, to the bit; the default
# differs by up to 9 grey levels. Whatever decodes a JPEG in this project uses this method.
DCT_METHOD = "INTEGER_ACCURATE"


def encode_decode(images: tf.Tensor, quality: tf.Tensor) -> tf.Tensor:
    """Images as they come back from JPEG, with 4:2:0 chroma; one after the other, on the CPU.

    Args:
        images: uint8 [N, H, W, 1 or 3].
        quality: integers [N], 1 ... 100.

    Returns:
        uint8 [N, H, W, C]. There is no gradient.
    """
    channels = images.shape[-1]

    def one(arguments: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        contents = tf.raw_ops.EncodeJpegVariableQuality(images=arguments[0], quality=arguments[1])
        return tf.io.decode_jpeg(contents, channels, dct_method=DCT_METHOD)

    spec = tf.TensorSpec(images.shape[1:], tf.uint8)
    # The whole loop: else a GPU would hand over, and take back, image by image.
    with tf.device("CPU:0"):
        return tf.map_fn(one, (images, tf.cast(quality, tf.int32)), fn_output_signature=spec)
