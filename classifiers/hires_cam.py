"""HiResCAM: where in an image a detector sees a generator (Draelos & Carin 2020)."""

import keras
import matplotlib
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.classifiers.map_geometry import cell_centers, enlarged
from gan_knowledge_gaps.classifiers.models import Step, behind_jpeg, steps_of

OPACITY = 0.5
LEAST_SIDE = 7  # cells of a map, as in the last one of a network for ImageNet
# What is no feature map, or one that lies beside its image.
_PASSED_OVER = (
    keras.layers.InputLayer, keras.layers.Rescaling, keras.layers.Resizing,
    keras.layers.ZeroPadding2D,
)  # fmt: skip


def hires_cam(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Maps of the evidence for "generated", at the resolution of a feature map.

    The feature maps, each value times the logit's gradient by it, summed over channels, without
    what is negative. Grad-CAM (Selvaraju et al. 2017) averages the gradient over all places first.
    Behind a global mean that is the same; a head that flattens its features weighs each place by
    itself, and the average of its weights says nothing. An image that a detector calls natural may
    have a map as well: what would have spoken for "generated".

    The map is the last one of at least 7x7 cells that all information passes through. Where that
    is the network's last and one dense layer follows, its values before the cut at 0 add up to the
    logit less its bias.

    Args:
        model: a detector of `classifiers.build`, with a JPEG layer or without.
        images: uint8 [N, H, W, C].

    Returns:
        float32 [N, H, W], at least 0, each cell where it looks, linear in between, in units of the
        logit; not normalized, so that images can be compared.
    """
    steps = steps_of(behind_jpeg(model))
    jpeg = next((x for x in model.layers if x.name == "jpeg"), None)
    images = tf.cast(images if jpeg is None else jpeg(images), tf.float32)
    chosen = feature_map(steps)
    explained = keras.Model(steps[0].output, [chosen, steps[-1].output])
    with tf.GradientTape() as tape:
        tape.watch(images)  # Or nothing is recorded in front of layers that do not train.
        features, logits = explained(images, training=False)
    gradient = tape.gradient(logits, features)  # An image's logit depends on its features only.
    products = tf.cast(gradient, tf.float32) * tf.cast(features, tf.float32)
    maps = tf.nn.relu(tf.reduce_sum(products, axis=-1)).numpy()
    return enlarged(maps, cell_centers(steps, chosen), images.shape[1:3])


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


def feature_map(steps: list[Step]) -> keras.KerasTensor:
    """The last map [N, h, w, D] of at least 7x7 cells that no layer goes around.

    Where all are smaller, the last of the largest.
    """
    last_use = {id(tensor): index for index, step in enumerate(steps) for tensor in step.inputs}
    maps, reach = [], 0  # reach: the last step that takes what was made so far
    for index, step in enumerate(steps):
        is_map = len(step.output.shape) == 4 and not isinstance(step.operation, _PASSED_OVER)
        if is_map and reach <= index:
            maps.append(step.output)
        reach = max(reach, last_use.get(id(step.output), index))
    least = min(LEAST_SIDE, max(min(each.shape[1:3]) for each in maps))
    return [each for each in maps if min(each.shape[1:3]) >= least][-1]
