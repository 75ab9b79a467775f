"""Images of a trained generator."""

import numpy as np
import tensorflow as tf

from stylegan2.generator import Generator
from training.randomness import derive_seed, indexed_latents, normal

LATENT_SEED = 0
BLOCK = 16


def sample(
    generator: Generator,
    indices: np.ndarray,
    labels: np.ndarray | None = None,
    truncation: float = 1.0,
) -> np.ndarray:
    """Image i of a generator, a function of its weights, its label and i alone.

    Latent i and noise i are the same for every generator.

    Args:
        generator: of any resolution.
        indices: integers [n].
        labels: one-hot [n, label_dim], where the generator has labels.
        truncation: psi of the truncation trick; 1 for none.

    Returns:
        uint8 [n, H, W, C]. Rounding errors of the device may move a value by one grey level when
        an index is drawn in another batch.
    """
    indices = np.asarray(indices, np.int64)
    latents = indexed_latents(indices, generator.config.latent_dim, LATENT_SEED)
    parts = []
    for start in range(0, len(indices), BLOCK):
        part = slice(start, start + BLOCK)
        images = generator(
            latents[part],
            labels=None if labels is None else labels[part],
            truncation=truncation,
            noise=_indexed_noise(indices[part]),
        )
        parts.append(to_pixels(images.numpy()))
    return np.concatenate(parts) if parts else np.empty((0, *_shape(generator)), np.uint8)


def to_pixels(images: np.ndarray) -> np.ndarray:
    """[-1, 1] to uint8: saturate(trunc(127.5 x + 128)), as the published StyleGAN2 does."""
    return np.clip(np.trunc(127.5 * images + 128.0), 0, 255).astype(np.uint8)


def _indexed_noise(indices: np.ndarray):
    """Noise whose row for index i depends on (layer, i) alone: drawn in blocks of indices."""
    blocks, rows = np.divmod(indices, BLOCK)

    def noise(layer: int, size: tuple) -> tf.Tensor:
        shape = (BLOCK, *size[1:], 1)
        seed = derive_seed(LATENT_SEED, "noise", layer)
        drawn = {block: normal(shape, seed, int(block)) for block in np.unique(blocks)}
        return tf.stack([drawn[block][row] for block, row in zip(blocks, rows, strict=True)])

    return noise


def _shape(generator: Generator) -> tuple[int, int, int]:
    config = generator.config
    return config.resolution, config.resolution, config.channels
