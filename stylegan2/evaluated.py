"""A StyleGAN2 as `evaluation` measures it: images and latent paths by index, at a graph's speed."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.evaluation.config import PathMetric
from gan_knowledge_gaps.evaluation.reference import ReferenceImages
from gan_knowledge_gaps.evaluation.sampler import Distance, Sampler
from gan_knowledge_gaps.metrics import lerp, path_lengths, slerp
from gan_knowledge_gaps.stylegan2.config import BLOCK, GeneratorEvaluationConfig
from gan_knowledge_gaps.stylegan2.generator import Generator
from gan_knowledge_gaps.stylegan2.sampling import Blocks
from gan_knowledge_gaps.training.digests import network_sha256
from gan_knowledge_gaps.training.randomness import derive_seed, indexed_latents


class GeneratedImages:
    """Images and paths of a generator.

    Image i is a function of the generator's weights, the configuration's seed and i alone: how many
    are made, and in which batches, changes nothing but rounding errors. With the seed 0 and random
    noise it is image i of `stylegan2.sample`.

    Args:
        generator: of any resolution.
        config: seed, truncation, noise and batch size.
        labels: int64 [n], of the natural images; those of generated ones are drawn from them.

    Raises:
        InputError: the generator has labels, and there are none or too large ones.
    """

    def __init__(
        self,
        generator: Generator,
        config: GeneratorEvaluationConfig,
        labels: np.ndarray | None = None,
    ):
        self.generator, self.config, self.labels = generator, config, labels
        count = generator.config.label_dim
        if count and (labels is None or labels.max() >= count):
            raise InputError(
                f"the generator takes {count} labels; --data must have them: give the data "
                "that it was trained on, a folder with a dataset.json, or converted class folders"
            )
        blocks = Blocks(generator, config.seed, config.truncation, config.noise)
        self._to_images = tf.function(blocks.images, autograph=False)
        self._to_w = tf.function(blocks.w, autograph=False)
        self._to_floats = tf.function(blocks.floats, autograph=False)

    def sampler(self) -> Sampler:
        """What `evaluation` measures."""
        config, labels = self.config, None
        if self.generator.config.label_dim:
            assert self.labels is not None
            labels = hashlib.sha256(self.labels.astype("<i8").tobytes()).hexdigest()
        names = (
            network_sha256(self.generator, repr(self.generator.config)),
            config.truncation,
            config.noise,
            config.seed,
            labels,
        )
        sha256 = hashlib.sha256(json.dumps(names).encode()).hexdigest()
        return Sampler(self.images, sha256, self.path_lengths)

    def conditions(self, network: str, reference: ReferenceImages) -> dict[str, Any]:
        """What all scores of it share, as a report takes it.

        Args:
            network: what it is called.
            reference: the natural images that it is compared with.
        """
        generator, config = self.generator, self.config
        return {
            "network": network,
            "network_sha256": network_sha256(generator, repr(generator.config)),
            "resolution": generator.config.resolution, **reference.conditions,
            "truncation": config.truncation, "noise": config.noise, "seed": config.seed,
        }  # fmt: skip

    def images(self, indices: np.ndarray) -> np.ndarray:
        """Images of indices [n], n at least 1, uint8 [n, H, W, C]."""

        def compute(whole: np.ndarray) -> np.ndarray:
            firsts = tf.constant(whole[::BLOCK])
            return self._to_images(self._latents(whole), self._one_hot(whole), firsts).numpy()

        return self._of_whole_batches(indices, compute)

    def path_lengths(
        self, indices: np.ndarray, metric: PathMetric, distance: Distance, epsilon: float
    ) -> np.ndarray:
        """Lengths of the paths of indices [n], float64 [n]; see `Sampler`.

        Both images of a path have the same noise, and are neither rounded nor clipped.
        """
        in_z = metric.space == "z"

        def compute(whole: np.ndarray) -> np.ndarray:
            labels, firsts = self._one_hot(whole), tf.constant(whole[::BLOCK])

            def synthesize(latents: np.ndarray) -> tf.Tensor:
                latents = tf.constant(latents, tf.float32)
                return self._to_floats(self._to_w(latents, labels) if in_z else latents, firsts)

            ends = (self._latents(whole, end) for end in ("path start", "path end"))
            first, last = ((end if in_z else self._to_w(end, labels)).numpy() for end in ends)
            position = self._positions(whole, metric.sampling)
            path = slerp if in_z else lerp
            return path_lengths(synthesize, distance, first, last, position, epsilon, path)

        return self._of_whole_batches(indices, compute)

    def _of_whole_batches(
        self, indices: np.ndarray, compute: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """What a function gives for indices [n], called for batches of whole blocks of one size."""
        blocks = np.unique(np.asarray(indices, np.int64) // BLOCK)
        missing = -len(blocks) % (self.config.batch_size // BLOCK)
        blocks = np.append(blocks, blocks[-1] + 1 + np.arange(missing))
        whole = (BLOCK * blocks[:, None] + np.arange(BLOCK)).ravel()  # ascending
        batches = whole.reshape(-1, self.config.batch_size)
        rows = np.concatenate([compute(batch) for batch in batches])
        return rows[np.searchsorted(whole, indices)]

    def _positions(self, indices: np.ndarray, sampling: str) -> np.ndarray:
        """Where on each path its first image is, [n]."""
        if sampling == "end":
            return np.zeros(len(indices))
        seed = derive_seed(self.config.seed, "path position")
        drawn = [
            tf.random.stateless_uniform([BLOCK], [seed, block], alg="philox").numpy()
            for block in (indices[::BLOCK] // BLOCK).tolist()
        ]
        return np.concatenate(drawn).astype(np.float64)

    def _latents(self, indices: np.ndarray, purpose: str | None = None) -> tf.Tensor:
        seed = self.config.seed if purpose is None else derive_seed(self.config.seed, purpose)
        return tf.constant(indexed_latents(indices, self.generator.config.latent_dim, seed))

    def _one_hot(self, indices: np.ndarray) -> tf.Tensor | None:
        count = self.generator.config.label_dim
        if not count:
            return None
        assert self.labels is not None  # `__init__` refuses a network with labels without any
        seed = self.config.seed
        drawn = [derive_seed(seed, "label", i) % len(self.labels) for i in indices.tolist()]
        return tf.one_hot(self.labels[drawn], count)
