"""JPEG encoding, which natural and generated images pass through before a classifier.

layer           JPEGEncoding, the Keras layer
codec           by the library that TensorFlow brings along
differentiable  with a gradient: by a custom operation, or plain
plain           in Keras' operations: the steps of `exact`, with the derivatives of `soft`
exact           libjpeg's steps, in whole numbers
soft            the same steps as smooth functions
modes           with_jpeg_mode: another mode for a built model
network         the layer as a network of Keras' own operations, and back
tables          quantization tables, cosine and colour transforms
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
