"""Images of a trained generator.

They are made in blocks of 16 consecutive indices, always whole ones: image i then has the same bits
whichever images are asked for with it.
"""

import weakref
from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.stylegan2.config import BLOCK
from gan_knowledge_gaps.stylegan2.generator import Generator
from gan_knowledge_gaps.stylegan2.synthesis import Noise
from gan_knowledge_gaps.training.randomness import derive_seed, indexed_latents, normal

LATENT_SEED = 0

# The graphs of a generator by truncation and whether there are labels. They go with it.
_graphs: weakref.WeakKeyDictionary[Generator, dict[tuple[float, bool], Callable]] = (
    weakref.WeakKeyDictionary()
)


def sample(
    generator: Generator,
    indices: np.ndarray,
    labels: np.ndarray | None = None,
    truncation: float = 1.0,
) -> np.ndarray:
    """Image i of a generator, a function of its weights, its label and i alone.

    Latent i and noise i are the same for every generator. The first call makes a graph. Reading in
    ascending order is the fastest: every call makes each block that it needs images of.

    Args:
        generator: of any resolution.
        indices: integers [n].
        labels: one-hot [n, label_dim], where the generator has labels.
        truncation: psi of the truncation trick; 1 for none.

    Returns:
        uint8 [n, H, W, C], to the last bit the same for an index in any call on one device.
    """
    indices = np.asarray(indices, np.int64)
    config = generator.config
    images = np.empty((len(indices), *_shape(generator)), np.uint8)
    graph = _graph(generator, float(truncation), labels is not None)
    for first, wanted in _blocks(indices, once=labels is not None):
        z = indexed_latents(np.arange(first, first + BLOCK), config.latent_dim, LATENT_SEED)
        rows = indices[wanted] - first
        one_hot = None
        if labels is not None:
            one_hot = np.zeros((BLOCK, config.label_dim), np.float32)
            one_hot[rows] = labels[wanted]
        images[wanted] = graph(z, one_hot, np.array([first])).numpy()[rows]
    return images


def _blocks(indices: np.ndarray, once: bool) -> Iterator[tuple[int, np.ndarray]]:
    """The first index of each block, and the positions [k] in `indices` that lie in it.

    Args:
        indices: integers [n].
        once: whether an index may come only once at a time, because its labels may differ.
    """
    firsts = indices // BLOCK * BLOCK
    for first in np.unique(firsts).tolist():
        wanted = np.flatnonzero(firsts == first)
        while len(wanted):
            chosen = np.arange(len(wanted))
            if once:
                chosen = np.unique(indices[wanted], return_index=True)[1]
            yield first, wanted[chosen]
            wanted = np.delete(wanted, chosen)


def _graph(generator: Generator, truncation: float, labelled: bool) -> Callable:
    graphs = _graphs.setdefault(generator, {})
    if (truncation, labelled) not in graphs:
        # Not the generator itself, which its own graph would keep alive.
        blocks = Blocks(cast(Generator, weakref.proxy(generator)), LATENT_SEED, truncation)
        config = generator.config
        label = tf.TensorSpec([BLOCK, config.label_dim]) if labelled else None
        # A function that is called warns where many generators are traced.
        graphs[truncation, labelled] = tf.function(
            blocks.images, autograph=False
        ).get_concrete_function(
            tf.TensorSpec([BLOCK, config.latent_dim]), label, tf.TensorSpec([1], tf.int64)
        )
    return graphs[truncation, labelled]


class Blocks:
    """What a generator makes of whole blocks, as functions of tensors.

    Args:
        generator: of any resolution.
        seed: of the noise.
        truncation: psi of the truncation trick; 1 for none.
        noise: "random" for noise that is a function of the seed and an image's index; else that of
            `Synthesis.call`.
    """

    def __init__(
        self, generator: Generator, seed: int, truncation: float = 1.0, noise: str = "random"
    ):
        self.generator, self.seed, self.truncation, self._noise = generator, seed, truncation, noise

    def images(self, z: tf.Tensor, labels: tf.Tensor | None, firsts: tf.Tensor) -> tf.Tensor:
        """Images uint8 [n, H, W, C] of latents [n, latent_dim] and one-hot labels [n, label_dim].

        `firsts` are the indices [n / 16] of the first image of each block.
        """
        images = self.generator.synthesis(self.w(z, labels), noise=self.noise(firsts))
        # As `to_pixels`: the cast cuts off what is behind the point.
        return tf.cast(tf.clip_by_value(127.5 * images + 128.0, 0.0, 255.0), tf.uint8)

    def w(self, z: tf.Tensor, labels: tf.Tensor | None) -> tf.Tensor:
        """Truncated w [n, num_layers, w_dim] of latents and labels."""
        w = self.generator.mapping(z, labels=labels)
        return self.generator.truncate(w, self.truncation)

    def floats(self, w: tf.Tensor, firsts: tf.Tensor) -> tf.Tensor:
        """Images of w, about [0, 255], neither rounded nor clipped."""
        return 127.5 * self.generator.synthesis(w, noise=self.noise(firsts)) + 127.5

    def noise(self, firsts: tf.Tensor) -> Noise:
        """Noise whose rows depend on (seed, layer, index) alone: drawn in blocks of indices."""
        if self._noise != "random":
            return self._noise

        def noise(layer: int, size: tuple) -> tf.Tensor:
            seed = derive_seed(self.seed, "noise", layer)
            shape = (BLOCK, *size[1:], 1)
            blocks = tf.unstack(firsts // BLOCK)
            return tf.concat([normal(shape, seed, block) for block in blocks], axis=0)

        return noise


def to_pixels(images: np.ndarray) -> np.ndarray:
    """[-1, 1] to uint8: saturate(trunc(127.5 x + 128)), as the published StyleGAN2 does."""
    return np.clip(np.trunc(127.5 * images + 128.0), 0, 255).astype(np.uint8)


def _shape(generator: Generator) -> tuple[int, int, int]:
    config = generator.config
    return config.resolution, config.resolution, config.channels
