"""What stands in a detector's file: all that a user needs, in Keras' own layers and operations.

`keras.models.load_model` reads it where nothing of this project is installed.
"""

import math

import keras

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.jpeg import with_jpeg_layer, with_jpeg_network

COMPLETE = "detector_of_generated_images"  # the name of such a model
PROBABILITY, LOGIT = "probability_generated", "logit"
_TEMPERATURE = "temperature"


def complete(model: keras.Model, temperature: float) -> keras.Model:
    """A classifier with its JPEG encoding, its temperature and the probability.

    Args:
        model: images [N, H, W, C] in [0, 255], float32, to logits [N, 1].
        temperature: what logits are divided by.

    Returns:
        A model from images, uint8 [N, H, W, C], to a dictionary: "logit", divided by the
        temperature, and "probability_generated", its sigmoid; float32 [N].
    """
    images = keras.Input(model.input_shape[1:], dtype="uint8", name="images")
    logits = with_jpeg_network(model)(keras.ops.cast(images, "float32"))
    scaled = keras.layers.Rescaling(1 / temperature, name=_TEMPERATURE, dtype="float32")(logits)
    logit = keras.layers.Reshape([], name=LOGIT, dtype="float32")(scaled)
    probability = keras.layers.Activation("sigmoid", name=PROBABILITY, dtype="float32")(logit)
    return keras.Model(images, {PROBABILITY: probability, LOGIT: logit}, name=COMPLETE)


def taken_apart(model: keras.Model) -> tuple[keras.Model, float]:
    """The classifier in a model that `complete` has made, and its temperature.

    Args:
        model: any; of another one, itself and 1.

    Raises:
        Exception: it has that name, but not the parts.
    """
    if model.name != COMPLETE:
        return model, 1.0
    (classifier,) = (layer for layer in model.layers if isinstance(layer, keras.Model))
    temperature = 1 / model.get_layer(_TEMPERATURE).scale
    if not 0 < temperature < math.inf:
        raise InputError(f"its temperature is {temperature}")
    return with_jpeg_layer(classifier), temperature
