"""JPEG, which natural and generated images both pass through before a classifier sees them.

layer    JPEGEncoding, the Keras layer
codec    by the library that TensorFlow brings along
soft     in plain TensorFlow, with a gradient
tables   quantization tables, cosine and colour transforms
"""

from classifiers.jpeg.codec import DCT_METHOD
from classifiers.jpeg.layer import MODES, JPEGEncoding

__all__ = ["DCT_METHOD", "MODES", "JPEGEncoding"]
