"""Grad-CAM: where in an image a detector sees a generator (Selvaraju et al. 2017)."""

import keras
import matplotlib
import numpy as np
import tensorflow as tf

OPACITY = 0.5


def grad_cam(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Maps of the evidence for "generated", at the resolution of the last feature map.

    The feature maps, each weighted by the mean of the logit's gradient over its pixels, summed,
    without what is negative (equations 1 and 2). An image that a detector calls natural may have
    a map as well: what would have spoken for "generated".

    Args:
        model: a detector of `classifiers.build`, with a JPEG layer or without.
        images: uint8 [N, H, W, C].

    Returns:
        float32 [N, H, W], at least 0, enlarged to the images' size by bilinear interpolation, in
        units of the logit; not normalized, so that images can be compared.
    """
    body, head = _split(model)
    jpeg = next((x for x in model.layers if x.name == "jpeg"), None)
    images = tf.cast(images if jpeg is None else jpeg(images), tf.float32)
    features = body(images, training=False)
    with tf.GradientTape() as tape:
        tape.watch(features)
        x = features
        for layer in head:
            x = layer(x)
        total = tf.reduce_sum(x)  # Each image's logit depends on its own features only.
    gradient = tf.cast(tape.gradient(total, features), tf.float32)
    weights = tf.reduce_mean(gradient, axis=[1, 2], keepdims=True)
    maps = tf.nn.relu(tf.reduce_sum(weights * tf.cast(features, tf.float32), axis=-1))
    size = images.shape[1:3]
    return tf.image.resize(maps[..., None], size, "bilinear")[..., 0].numpy()


def overlay(images: np.ndarray, maps: np.ndarray, most: float) -> np.ndarray:
    """Images in grey with their maps in colour over them.

    Args:
        images: uint8 [N, H, W, C].
        maps: [N, H, W], at least 0.
        most: value that has the last colour.

    Returns:
        uint8 [N, H, W, 3].
    """
    grey = images.astype(np.float32).mean(axis=-1, keepdims=True) / 255
    shares = np.clip(maps / max(most, 1e-12), 0, 1)
    colours = matplotlib.colormaps["inferno"](shares)[..., :3]
    opacity = OPACITY * shares[..., None]
    return np.round(255 * ((1 - opacity) * grey + opacity * colours)).astype(np.uint8)


def _split(model: keras.Model) -> tuple[keras.Model, list[keras.Layer]]:
    """A model that ends with the last feature map, and the layers from there to the logits.

    All architectures here are a chain from that map on.
    """
    for layer in model.layers:
        if isinstance(layer, keras.Model):  # behind a JPEG layer
            return _split(layer)
    maps = [index for index, x in enumerate(model.layers) if len(x.output.shape) == 4]
    last = model.layers[maps[-1]]
    return keras.Model(model.inputs[0], last.output), model.layers[maps[-1] + 1 :]
