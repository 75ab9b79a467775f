"""VGG16 with random weights: features that need no download and know no photographs.

Naeem et al. 2020 ("Reliable fidelity and diversity metrics for generative models") use randomly
initialized VGG16 features where ImageNet's do not fit the data. They take its second to
last dense layer; here it is the average-pooled last convolution (512 features), which takes images
of any size.
"""

import hashlib
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

SEED = 0
_SMALLEST = 32  # five poolings need as much


def random_vgg16() -> tuple[Callable[..., tf.Tensor], str]:
    """The network behind the scaling of its images, and the SHA-256 of its weights.

    Weights are drawn from N(0, 2 / fan-in) (He et al. 2015) by NumPy's RandomState(0), whose stream
    is fixed for all time (NEP 19), layer by layer; biases are 0. Images are scaled to [-1, 1]; grey
    ones become RGB; those below 32x32 are enlarged to it (bilinear), all others stay as they are.

    Returns:
        a function of float32 images [N, H, W, 1 or 3] in [0, 255] to features [N, 512], and
        the digest.
    """
    vgg = keras.applications.VGG16(
        include_top=False, weights=None, pooling="avg", input_shape=(None, None, 3)
    )
    random, digest = np.random.RandomState(SEED), hashlib.sha256()
    weights = []
    for shape in (weight.shape for weight in vgg.weights):
        values = np.zeros(shape, np.float32)
        if len(shape) == 4:
            deviation = np.sqrt(2 / np.prod(shape[:-1]))
            values = (random.standard_normal(shape) * deviation).astype(np.float32)
        weights.append(values)
        digest.update(values.astype("<f4").tobytes())
    vgg.set_weights(weights)

    def features(images: tf.Tensor, training: bool = False) -> tf.Tensor:
        height, width, channels = images.shape[1:]
        if channels == 1:
            images = tf.repeat(images, 3, axis=-1)
        if min(height, width) < _SMALLEST:
            size = max(height, _SMALLEST), max(width, _SMALLEST)
            images = tf.image.resize(images, size, method="bilinear")
        return vgg(images / 127.5 - 1.0, training=training)

    return features, digest.hexdigest()
