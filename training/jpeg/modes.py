"""Another JPEG mode for a model that has been built or loaded."""

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
    if not any(isinstance(layer, JPEGEncoding) for layer in model.layers):
        return model

    def share(layer: keras.Layer) -> keras.Layer:
        if not isinstance(layer, JPEGEncoding):
            return layer
        changed = {"mode": mode, "implementation": implementation}
        return JPEGEncoding.from_config(layer.get_config() | changed)

    return keras.models.clone_model(model, clone_function=share)
