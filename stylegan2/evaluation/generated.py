"""A generator's images by index, at the speed of a graph."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from data import InputError
from stylegan2.evaluation.settings import Settings
from stylegan2.generator import Generator
from stylegan2.sampling import BLOCK, Blocks
from training.randomness import derive_seed, indexed_latents


class Paths(NamedTuple):
    """A batch of paths in W or Z.

    Attributes:
        synthesize: latents, shaped as the ends are, to float images [n, H, W, C], about [0, 255],
            neither rounded nor clipped, with the noise of these paths.
        start: one end, w [n, num_layers, w_dim] or z [n, latent_dim].
        end: the other end.
        position: where on each path its first image is, [n].
        asked: which of the n are asked for; the others fill up the batch.
    """

    synthesize: Callable[[np.ndarray], tf.Tensor]
    start: np.ndarray
    end: np.ndarray
    position: np.ndarray
    asked: np.ndarray


class Generated:
    """Images and paths of a generator.

    Image i is a function of the generator's weights, the settings' seed and i alone: how many are
    made, and in which batches, changes nothing but rounding errors. With the seed 0 and random
    noise it is image i of `stylegan2.sample`.

    Args:
        generator: of any resolution.
        settings: seed, truncation, noise and batch size.
        labels: int64 [n], of the natural images; those of generated ones are drawn from them.

    Raises:
        InputError: the generator has labels, and there are none or too large ones.
    """

    def __init__(self, generator: Generator, settings: Settings, labels: np.ndarray | None = None):
        self.generator, self.settings, self.labels = generator, settings, labels
        count = generator.config.label_dim
        if count and (labels is None or labels.max() >= count):
            raise InputError(
                f"the generator takes {count} labels; --data must have them: give the data "
                "that it was trained on, a folder with a dataset.json, or converted class folders"
            )
        blocks = Blocks(generator, settings.seed, settings.truncation, settings.noise)
        self._to_images = tf.function(blocks.images, autograph=False)
        self._to_w = tf.function(blocks.w, autograph=False)
        self._to_floats = tf.function(blocks.floats, autograph=False)

    def batches(self, start: int, stop: int) -> Iterator[np.ndarray]:
        """Images start ... stop - 1 in batches, uint8 [n, H, W, C]."""
        for indices in self._aligned(start, stop):
            images = self._to_images(
                self._latents(indices), self._one_hot(indices), tf.constant(indices[::BLOCK])
            ).numpy()
            yield images[(start <= indices) & (indices < stop)]

    def paths(self, start: int, stop: int, space: str, sampling: str) -> Iterator["Paths"]:
        """Paths start ... stop - 1 in batches; see `settings.PathMetric`."""
        for indices in self._aligned(start, stop):
            labels, blocks = self._one_hot(indices), tf.constant(indices[::BLOCK])

            def to_w(z: tf.Tensor, labels=labels) -> tf.Tensor:
                return self._to_w(z, labels)

            def synthesize(latents: np.ndarray, blocks=blocks, to_w=to_w) -> tf.Tensor:
                latents = tf.constant(latents, tf.float32)
                return self._to_floats(to_w(latents) if space == "z" else latents, blocks)

            ends = [self._latents(indices, end) for end in ("path start", "path end")]
            ends = [(end if space == "z" else to_w(end)).numpy() for end in ends]
            asked = (start <= indices) & (indices < stop)
            yield Paths(synthesize, *ends, self._positions(indices, sampling), asked)

    def _positions(self, indices: np.ndarray, sampling: str) -> np.ndarray:
        if sampling == "end":
            return np.zeros(len(indices))
        seed = derive_seed(self.settings.seed, "path position")
        drawn = [
            tf.random.stateless_uniform([BLOCK], [seed, block], alg="philox").numpy()
            for block in (indices[::BLOCK] // BLOCK).tolist()
        ]
        return np.concatenate(drawn).astype(np.float64)

    def _aligned(self, start: int, stop: int) -> Iterator[np.ndarray]:
        """Indices of whole blocks, batch by batch, so that every batch has one shape."""
        size = self.settings.batch_size
        for first in range(start // BLOCK * BLOCK, stop, size):
            yield np.arange(first, first + size, dtype=np.int64)

    def _latents(self, indices: np.ndarray, purpose: str | None = None) -> tf.Tensor:
        seed = self.settings.seed if purpose is None else derive_seed(self.settings.seed, purpose)
        return tf.constant(indexed_latents(indices, self.generator.config.latent_dim, seed))

    def _one_hot(self, indices: np.ndarray) -> tf.Tensor | None:
        count = self.generator.config.label_dim
        if not count:
            return None
        seed = self.settings.seed
        drawn = [derive_seed(seed, "label", i) % len(self.labels) for i in indices.tolist()]
        return tf.one_hot(self.labels[drawn], count)
