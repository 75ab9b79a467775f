"""Images of a trained generator."""

import keras
import numpy as np

from gan_knowledge_gaps.dcgan.config import BATCH
from gan_knowledge_gaps.training.randomness import indexed_latents

LATENT_SEED = 0


def sample(generator: keras.Model, indices: np.ndarray) -> np.ndarray:
    """Image i of a generator, a function of its weights and i alone.

    Generated data therefore needs no storage, and every classifier sees the same images. Latent i
    is the same for every generator; moving averages stand in for batch statistics.

    Args:
        generator: latents [N, D] to images [N, H, W, C] in [-1, 1].
        indices: integers [n].

    Returns:
        uint8 [n, H, W, C]. Rounding errors of the device may move a value by one grey level when
        an index is drawn in another batch.
    """
    latents = indexed_latents(indices, generator.input_shape[-1], LATENT_SEED)
    images = np.empty((len(latents), *generator.output_shape[1:]), np.uint8)
    for start in range(0, len(latents), BATCH):
        part = slice(start, start + BATCH)
        generated = generator(latents[part], training=False).numpy()
        images[part] = np.round((generated + 1.0) * 127.5).astype(np.uint8)
    return images
