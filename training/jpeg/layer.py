"""JPEG encoding as a preprocessing layer."""

import keras
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.jpeg import codec, differentiable

MODES = ("codec", "differentiable", "straight_through", "none")
_FORMER_NAMES = {"exact": "differentiable"}  # in the files of models


@keras.saving.register_keras_serializable("training")
class JPEGEncoding(keras.layers.Layer):
    """Images as they come back from JPEG: 4:2:0 chroma, the standard tables.

    All modes but `none` have the pixels of libjpeg, to the bit; they differ in who computes them,
    and in the gradient:

    - `codec`: TensorFlow's library, on the CPU, image by image; no gradient.
    - `differentiable`: libjpeg's arithmetic in plain TensorFlow, batched, on any device, under XLA,
      in ONNX and LiteRT, or in a custom operation. The gradient is that of a soft JPEG (see
      `soft`).
    - `straight_through`: the library; the gradient passes as if nothing had happened.
    - `none`: the images as they are.

    Args:
        quality: 1 ... 100; or a pair, between which each image's quality is drawn in training,
            both included. At inference the middle is taken. The paper leaves the quality open.
        mode: as above.
        implementation: of the mode `differentiable`: "tensorflow", or "auto" or "custom" for the
            custom operation, which trains faster and which XLA and exported models lack; see
            `training.native`. It is not kept in files.

    Input: [N, H, W, 1 or 3] in [0, 255], any dtype. Output: the same shape, whole numbers in the
    layer's dtype.

    Raises:
        InputError: a quality is out of range, or there is no such mode.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.training.jpeg import JPEGEncoding
        >>> images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
        >>> JPEGEncoding(quality=75)(images).shape
        TensorShape([2, 32, 32, 3])
        >>> encode = JPEGEncoding(quality=(50, 95), mode="differentiable")
        >>> encode(images, quality=np.array([60, 90])).shape
        TensorShape([2, 32, 32, 3])
    """

    def __init__(
        self,
        quality: int | tuple[int, int] = 75,
        mode: str = "codec",
        implementation: str = "tensorflow",
        **kwargs,
    ):
        super().__init__(**kwargs)
        mode = _FORMER_NAMES.get(mode, mode)
        low, high = quality if isinstance(quality, tuple | list) else (quality, quality)
        if not 1 <= low <= high <= 100:
            raise InputError(f"the JPEG quality is {quality}; it must be within 1 ... 100")
        if mode not in MODES:
            raise InputError(f"the JPEG mode is {mode}; it must be one of {', '.join(MODES)}")
        self.quality, self.mode, self.implementation = (low, high), mode, implementation

    def call(self, images, quality=None, training=False):
        """Encodes and decodes.

        Args:
            images: see above.
            quality: integers [N] that replace the layer's own: whoever trains draws them from the
                step's seed, so that a resumed training draws the same.
            training: whether a quality is drawn where the layer has a range.
        """
        images = tf.cast(images, self.compute_dtype)
        if self.mode == "none":
            return images
        if quality is None:
            quality = self._qualities(tf.shape(images)[0], training)
        if self.mode == "differentiable":
            return differentiable.encode_decode(images, quality, self.implementation)
        pixels = tf.cast(tf.round(tf.clip_by_value(images, 0, 255)), tf.uint8)
        encoded = tf.cast(codec.encode_decode(pixels, quality), images.dtype)
        return encoded if self.mode == "codec" else _straight_through(images, encoded)

    def _qualities(self, count: tf.Tensor, training: bool) -> tf.Tensor:
        low, high = self.quality
        if training and low < high:
            return tf.random.uniform([count], low, high + 1, tf.int32)
        return tf.fill([count], self.inference_quality)

    @property
    def inference_quality(self) -> int:
        """The quality that images have outside of training."""
        return sum(self.quality) // 2

    def compute_output_shape(self, input_shape):
        """The shape of the input."""
        return input_shape

    def get_config(self):
        """What `from_config` needs."""
        return super().get_config() | {"quality": list(self.quality), "mode": self.mode}


def _straight_through(images: tf.Tensor, encoded: tf.Tensor) -> tf.Tensor:
    """The second, with a gradient as if it were the first."""
    return tf.custom_gradient(lambda _: (encoded, lambda upstream: upstream))(images)
