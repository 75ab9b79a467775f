"""What a training draws: a function of (seed, purpose, minibatch, chunk) alone.

A chunk is a micro-batch of one device. Chunks are counted over all devices, so that two devices
draw what one would have drawn.
"""

import tensorflow as tf

from gan_knowledge_gaps.training.randomness import derive_seed

# Chunks of a minibatch are fewer than this.
_CHUNKS = 2**16


class Draws:
    """Random values for one purpose in one chunk of a minibatch.

    The raw operations draw what `tf.random.stateless_normal` and `stateless_uniform` draw with
    alg="philox", and make the generator's key within; those take a dozen operations for it.

    Args:
        seed: seed of the training, an int64 scalar.
        purpose: what they are for: the name of an update.
        step: the minibatch, an int64 scalar.
        chunk: number of the chunk in the minibatch, an int64 scalar.
    """

    def __init__(self, seed: tf.Tensor, purpose: str, step: tf.Tensor, chunk: tf.Tensor):
        self._seed, self._purpose = seed, purpose
        self._position = tf.cast(step, tf.int64) * _CHUNKS + tf.cast(chunk, tf.int64)

    def normal(self, name: str, shape) -> tf.Tensor:
        """Standard normal values, float32."""
        return tf.raw_ops.StatelessRandomNormal(shape=shape, seed=self._key(name))

    def uniform(self, name: str, shape, maximum: float = 1.0) -> tf.Tensor:
        """Uniform values in [0, maximum), float32."""
        return tf.raw_ops.StatelessRandomUniform(shape=shape, seed=self._key(name)) * maximum

    def noise(self, layer: int, size: tuple) -> tf.Tensor:
        """The noise [N, H, W, 1] of a layer of the synthesis network, of size (N, H, W)."""
        return self.normal(f"noise{layer}", [*size, 1])

    def _key(self, name: str) -> tf.Tensor:
        # In two halves, so that the seed is an input of the graph and the purpose a part of it.
        key = self._seed * 2**31 + derive_seed(0, self._purpose, name)
        return tf.stack([key, self._position])
