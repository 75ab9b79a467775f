"""Perceptual distances from a user's own model."""

from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from data import InputError
from training.keras_models import load_model, reading


def load_distance(path: str) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """A distance between images, such as LPIPS with weights that the user has.

    Args:
        path: a `.keras` file or a SavedModel (its `serving_default`, or the model itself) that
            takes two batches of images, float32 [N, H, W, C] in [0, 255].

    Returns:
        A function of two such batches to distances, float32 [N], differentiable.

    Raises:
        InputError: the path holds no such model.
    """
    if Path(path).suffix == ".keras":
        model = load_model(path, "--perceptual")
    else:
        with reading(path, "--perceptual", "as a SavedModel"):
            model = tf.saved_model.load(path)
    call = _pair(model)

    def distance(images: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
        try:
            return tf.reshape(tf.cast(call(images, others), tf.float32), [len(images)])
        except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
            reason = " ".join(str(error).split())[:200]
            problem = f"{path} gives no distances of two batches: {reason}"
            raise InputError(f"--perceptual: {problem}") from error

    return distance


def _pair(model) -> Callable:
    """The model as a function of two batches."""
    if isinstance(model, keras.Model):
        return lambda images, others: model([images, others], training=False)
    if callable(model):
        return model
    signature = getattr(model, "signatures", {}).get("serving_default")
    if signature is None:
        raise InputError("--perceptual: the SavedModel has neither a call nor serving_default")
    names = sorted(signature.structured_input_signature[1])
    if len(names) != 2:
        raise InputError(f"--perceptual: the model takes {len(names)} inputs; it must take two")
    return lambda *pair: next(iter(signature(**dict(zip(names, pair, strict=True))).values()))
