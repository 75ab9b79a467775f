"""The outputs of trained models for many images."""

import contextlib
import weakref
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import Images, InputError, batches_of
from gan_knowledge_gaps.data.ahead import ahead

MOST_IMAGES, MOST_PIXELS = 512, 2**21  # of a batch: memory for what a network keeps between layers

# A graph goes with its model. An attribute of the model would be exported along with it.
_graphs: weakref.WeakKeyDictionary[keras.Model, Callable] = weakref.WeakKeyDictionary()


def predict(model: keras.Model, images: Images | tf.data.Dataset) -> np.ndarray:
    """The model's outputs for all images, in inference mode.

    Args:
        model: images [N, H, W, C] in [0, 255], float32, to outputs [N, D].
        images: uint8 images; or a finite `tf.data.Dataset` of them, see `data.batches_of`, whose
            batches go through the model as they are.

    Returns:
        float32 [N, D].

    Raises:
        InputError: the dataset has other elements, or images of another size.
    """
    if not isinstance(images, tf.data.Dataset):
        return predict_each([model], images)[0]
    forward, outputs = compiled(model), [np.empty((0, model.output_shape[-1]), np.float32)]
    for batch in batches_of(images):
        if batch.shape[1:] != model.input_shape[1:]:
            own, given = ("x".join(map(str, each[1:])) for each in (model.input_shape, batch.shape))
            raise InputError(f"the dataset's images are {given}; the model takes {own}")
        outputs.append(forward(batch).numpy())
    return np.concatenate(outputs)


def predict_each(models: Sequence[keras.Model], images: Images) -> list[np.ndarray]:
    """The outputs of several models; every image is read once for all of them.

    Args:
        models: as of `predict`.
        images: uint8 images.

    Returns:
        float32 [N, D] of each model, with the bits of `predict`.
    """
    forwards = [compiled(model) for model in models]
    outputs = [np.empty((len(images), model.output_shape[-1]), np.float32) for model in models]
    batch = min(MOST_IMAGES, max(1, MOST_PIXELS // (images.shape[0] * images.shape[1])))
    starts = range(0, len(images), batch)
    reading = ahead(
        images.read(np.arange(start, min(start + batch, len(images)))) for start in starts
    )
    with contextlib.closing(reading) as parts:
        for start, part in zip(starts, parts, strict=True):
            for forward, output in zip(forwards, outputs, strict=True):
                output[start : start + len(part)] = forward(part)
    return outputs


def compiled(model: keras.Model) -> Callable[[np.ndarray], tf.Tensor]:
    """The model in inference mode as a graph, which is traced once in the model's life.

    Returns:
        From images, uint8 [N, H, W, C] with any N, to what the model gives, float32 [N, D].
    """
    if model not in _graphs:
        _graphs[model] = _trace(weakref.proxy(model), tf.TensorSpec(model.input_shape, tf.uint8))
    return _graphs[model]


def _trace(model: keras.Model, images: tf.TensorSpec) -> Callable:
    forward = tf.function(lambda images: model(tf.cast(images, tf.float32), training=False))
    # Calling the function itself would warn of retracing, since every model has its own trace.
    return forward.get_concrete_function(images)
