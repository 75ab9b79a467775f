"""JPEG's pixels and gradients on one device and on two replicas: python jpeg_on_replicas.py FILE.

In a process of its own, because the devices must be made before TensorFlow starts.
"""

import sys

from gan_knowledge_gaps.training.distribution import distribute, make_strategy
from gan_knowledge_gaps.training.runtime import configure

configure()
two = make_strategy(cpu_replicas=2)

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from gan_knowledge_gaps.training.jpeg import MODES, JPEGEncoding  # noqa: E402

random = np.random.default_rng(0)
images, weights = random.uniform(0, 255, (4, 24, 17, 3)), random.normal(size=(4, 24, 17, 3))
batch = (np.float32(images), np.float32(weights))


def run(layer: JPEGEncoding, strategy: tf.distribute.Strategy) -> list[np.ndarray]:
    """Pixels, and where there is one the gradient of their sum by the weights."""

    def step(images: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(images)
            pixels = layer(images)
        gradient = tape.gradient(pixels, images, weights)
        return [pixels] if gradient is None else [pixels, gradient]

    results = tf.function(strategy.run)(step, distribute(strategy, batch))
    return [np.concatenate(strategy.experimental_local_results(each)) for each in results]


found = {}
for mode in MODES:
    layer = JPEGEncoding(60, mode)
    for name, strategy in (("one", tf.distribute.get_strategy()), ("two", two)):
        for what, array in zip(("pixels", "gradient"), run(layer, strategy), strict=False):
            found[f"{mode} {what} {name}"] = array
np.savez(sys.argv[1], **found)
