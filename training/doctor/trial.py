"""A small training with all that a real one has: convolutions, synchronized statistics, Adam,
noise, and the gradient of a gradient.
"""

import keras
import numpy as np
import tensorflow as tf

from data import EpochOrder
from training.distribution import replica_slice
from training.randomness import normal
from training.task import Task, flat_variables

RATE = 0.01
_IMAGES = 24  # a few steps cross several epochs
_SHAPE = (8, 8, 1)


class Trial(Task):
    """Tells images from noise, with a penalty on the slope, as a GAN's discriminator does.

    Args:
        batch_size: images of a global batch.
    """

    def __init__(self, batch_size: int):
        self.batch_size = batch_size
        images = np.random.default_rng(0).uniform(-1, 1, (_IMAGES, *_SHAPE))
        self._images = images.astype(np.float32)
        self.model = keras.Sequential(
            [
                keras.Input(_SHAPE),
                # No bias: its gradient would be rounding only, which Adam makes whole steps of.
                keras.layers.Conv2D(4, 3, 2, use_bias=False, kernel_initializer=_initializer(1)),
                keras.layers.BatchNormalization(synchronized=True, momentum=0.5),
                keras.layers.LeakyReLU(0.2),
                keras.layers.Flatten(),
                keras.layers.Dense(1, kernel_initializer=_initializer(2)),
            ]
        )
        self.optimizer = keras.optimizers.Adam(RATE)
        self.optimizer.build(self.model.trainable_variables)
        self.state = {
            "model": flat_variables(self.model),
            "optimizer": flat_variables(self.optimizer),
        }

    def batch(self, step: int) -> tuple[np.ndarray, ...]:
        """Images [batch_size, 8, 8, 1], float32 in [-1, 1]."""
        order = EpochOrder(_IMAGES, seed=1)
        return (self._images[order.indices(step * self.batch_size, self.batch_size)],)

    def train_step(self, step: tf.Tensor, natural: tf.Tensor) -> dict[str, tf.Tensor]:
        """One update; see `Task.train_step`."""
        noise = replica_slice(normal((self.batch_size, *_SHAPE), 7, step))
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(natural)
                logits = self.model(natural, training=True)
            slopes = tf.reduce_sum(inner.gradient(logits, natural) ** 2)
            others = self.model(noise, training=True)
            losses = tf.nn.softplus(-logits) + tf.nn.softplus(others)
            loss = (tf.reduce_sum(losses) + slopes) / self.batch_size
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}


def _initializer(seed: int) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed)
