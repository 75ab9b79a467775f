"""JPEG encoding as a network of Keras' own operations, for files that any Keras reads."""

import re

import keras

from gan_knowledge_gaps.training.jpeg import plain
from gan_knowledge_gaps.training.jpeg.layer import JPEGEncoding
from gan_knowledge_gaps.training.jpeg.modes import replaced

_NAME = re.compile(r"jpeg_(\d+)_(\d+)")


def with_jpeg_network(model: keras.Model) -> keras.Model:
    """The model with a network of Keras' operations in place of its JPEG layer.

    Its pixels are the layer's, to the bit; it has no gradient. All other layers are shared.

    Args:
        model: any; one without a JPEG layer is returned as it is.
    """

    def as_network(layer: keras.Layer) -> keras.Layer:
        if not isinstance(layer, JPEGEncoding):
            return layer
        images = keras.Input(model.input_shape[1:], name="images")
        encoded = plain.encode_decode_exactly(images, layer.inference_quality)
        low, high = layer.quality
        return keras.Model(images, encoded, name=f"jpeg_{low}_{high}")

    return replaced(model, as_network)


def with_jpeg_layer(model: keras.Model) -> keras.Model:
    """The model with the layer that `with_jpeg_network` has replaced, which is faster."""

    def as_layer(layer: keras.Layer) -> keras.Layer:
        found = _NAME.fullmatch(layer.name) if isinstance(layer, keras.Model) else None
        if found is None:
            return layer
        low, high = map(int, found.groups())
        return JPEGEncoding((low, high), dtype="float32", name="jpeg")

    return replaced(model, as_layer)
