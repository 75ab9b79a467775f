"""Randomness as a stateless function of what it is for.

Nothing here keeps a state, so a training that resumes at any step draws what the unbroken one
would have drawn, and replicas that split a batch draw what one device would have drawn.
"""

import hashlib

import numpy as np
import tensorflow as tf

LATENT_BLOCK = 256


def derive_seed(seed: int, *purpose: str | int) -> int:
    """A seed in [0, 2**31) for one purpose of many under one seed, the same on every machine."""
    # NumPy's integers would be spelt otherwise, and differently by its versions 1 and 2.
    parts = (part if isinstance(part, str) else int(part) for part in purpose)
    text = repr((int(seed), *parts)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big") >> 1


def normal(shape, seed: int, step: tf.Tensor | int) -> tf.Tensor:
    """Standard normal float32 values, a function of (shape, seed, step) alone (Philox)."""
    return tf.random.stateless_normal(
        shape, seed=tf.stack([tf.cast(seed, tf.int64), tf.cast(step, tf.int64)]), alg="philox"
    )


def indexed_latents(indices: np.ndarray, dimensions: int, seed: int) -> np.ndarray:
    """Latents [n, dimensions], float32, standard normal; row i depends on (seed, indices[i]) alone.

    They are drawn in blocks of LATENT_BLOCK consecutive indices.
    """
    indices = np.asarray(indices, np.int64)
    latents = np.empty((len(indices), dimensions), np.float32)
    blocks = indices // LATENT_BLOCK
    for block in np.unique(blocks):
        rows = blocks == block
        drawn = normal((LATENT_BLOCK, dimensions), seed, int(block)).numpy()
        latents[rows] = drawn[indices[rows] % LATENT_BLOCK]
    return latents
