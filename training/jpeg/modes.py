"""Another JPEG encoding for a model that has been built or loaded."""

from collections.abc import Callable

import keras

from gan_knowledge_gaps.training.jpeg.layer import JPEGEncoding


def with_jpeg_mode(
    model: keras.Model, mode: str, implementation: str = "tensorflow"
) -> keras.Model:
    """The model with its JPEG layer in another mode; all other layers are shared with it.

    Args:
        model: any model; one without a JPEG layer is returned as it is.
        mode: one of `MODES`.
        implementation: see `JPEGEncoding`.
    """

    def changed(layer: keras.Layer) -> keras.Layer:
        if not isinstance(layer, JPEGEncoding):
            return layer
        options = {"mode": mode, "implementation": implementation}
        return JPEGEncoding.from_config(layer.get_config() | options)

    return replaced(model, changed)


def replaced(model: keras.Model, change: Callable[[keras.Layer], keras.Layer]) -> keras.Model:
    """The model with other layers in place of some; the rest is shared with it.

    Args:
        model: any model; one that stays as it is, is returned itself.
        change: gives the layer that takes a layer's place, or the layer itself.
    """
    new = {id(layer): change(layer) for layer in model.layers}
    if all(new[id(layer)] is layer for layer in model.layers):
        return model
    places = {id(layer) for layer in model.layers}

    def call(layer: keras.Layer, *arguments, **options):
        # What takes a network's place may not know the options of its call, such as a mask.
        return layer(*arguments, **(options if id(layer) in places else {}))

    return keras.models.clone_model(
        model, clone_function=lambda each: new.get(id(each), each), call_function=call
    )
