"""JPEG, which natural and generated images both pass through before a classifier sees them.

layer    JPEGEncoding, the Keras layer
codec    by the library that TensorFlow brings along
soft     in plain TensorFlow, with a gradient
modes    with_jpeg_mode: another mode for a built model
tables   quantization tables, cosine and colour transforms
"""

from training.jpeg.codec import DCT_METHOD
from training.jpeg.layer import MODES, JPEGEncoding
from training.jpeg.modes import with_jpeg_mode

__all__ = ["DCT_METHOD", "MODES", "JPEGEncoding", "with_jpeg_mode"]
