"""Projection: the w whose picture is closest to a given one (Karras et al. 2020, appendix D)."""

import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.stylegan2.config import ProjectionConfig
from gan_knowledge_gaps.stylegan2.generator import Generator
from gan_knowledge_gaps.stylegan2.sampling import to_pixels
from gan_knowledge_gaps.training.randomness import derive_seed, indexed_latents, normal
from gan_knowledge_gaps.training.task import Task

SMALLEST_NOISE = 8
BLOCK = 1024
ADAM_BETAS, ADAM_EPSILON = (0.9, 0.999), 1e-8

Distance = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Projection(Task):
    """Optimizes w and the noise maps until the generator's picture is the target.

    Args:
        generator: trained; its weights stay as they are.
        target: uint8 [H, W, C], of the generator's shape.
        config: of the projection.
        perceptual: images [N, H, W, C] in [0, 255] twice to distances [N], such as LPIPS.
        labels: one-hot [1, label_dim], where the network has classes.
        seed: of the noise.
    """

    batch_size = 1

    def __init__(
        self,
        generator: Generator,
        target: np.ndarray,
        config: ProjectionConfig,
        perceptual: Distance | None = None,
        labels: np.ndarray | None = None,
        seed: int = 0,
    ):
        self.generator, self.config, self.perceptual = generator, config, perceptual
        self.seed = seed
        self.target = tf.constant(target[None] / 127.5 - 1.0, tf.float32)
        mean, self.deviation = w_statistics(generator, config.w_samples, labels)
        rows = generator.config.num_layers if config.space == "w+" else 1
        # Adam's numbers are functions of the step; only its moments are state.
        self.w = tf.Variable(tf.repeat(mean[None, None], rows, axis=1))  # [1, 1 or layers, w_dim]
        self.noise = [
            tf.Variable(normal(buffer.shape, derive_seed(seed, "noise map", index), 0))
            for index, buffer in enumerate(generator.synthesis.noise_maps)
        ]
        variables = [self.w, *self.noise]
        self._moments = [
            [tf.Variable(tf.zeros_like(variable)) for variable in variables] for _ in range(2)
        ]
        self.state = {
            "w": [self.w],
            "noise": self.noise,
            "first_moments": self._moments[0],
            "second_moments": self._moments[1],
        }

    def batch(self, step: int) -> tuple[np.ndarray, ...]:
        """Nothing: the target is always the same."""
        return ()

    def train_step(self, step: tf.Tensor, *batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of Adam; then each noise map is brought back to mean 0 and variance 1."""
        progress = tf.cast(step, tf.float32) / self.config.steps
        variables = [self.w, *self.noise]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            loss, metrics = self._loss(step, progress)
        gradients = tape.gradient(loss, variables)
        rate = learning_rate(self.config, progress)
        first, second = self._moments
        for each in zip(variables, gradients, first, second, strict=True):
            _adam(*each, step=step, rate=rate)
        for noise in self.noise:
            mean, variance = tf.nn.moments(noise.value(), [0, 1, 2, 3])
            noise.assign((noise - mean) * tf.math.rsqrt(variance))
        return metrics

    def _loss(self, step: tf.Tensor, progress: tf.Tensor):
        config = self.config
        decay = tf.maximum(0.0, 1.0 - progress / max(config.noise_rampdown, 1e-8))
        spread = config.w_noise * self.deviation * decay**2
        w = self.w + spread * normal(self.w.shape, derive_seed(self.seed, "w"), step)
        picture = self._synthesize(w)
        metrics = {
            "pixels": multiscale_distance(picture, self.target)[0],
            "noise": noise_autocorrelation(self.noise),
        }
        loss = config.pixel_weight * metrics["pixels"] + config.noise_weight * metrics["noise"]
        if self.perceptual is not None:
            pair = [tf.clip_by_value((each + 1) * 127.5, 0, 255) for each in (picture, self.target)]
            metrics["perceptual"] = self.perceptual(*pair)[0]
            loss += config.perceptual_weight * metrics["perceptual"]
        return loss, metrics

    def _synthesize(self, w: tf.Tensor) -> tf.Tensor:
        rows = self.generator.config.num_layers if w.shape[1] == 1 else 1
        noise = self.noise
        return self.generator.synthesis(
            tf.repeat(w, rows, axis=1), noise=lambda layer, size: noise[layer] + 0.0
        )

    def result(self) -> np.ndarray:
        """w, float32 [1, num_layers, w_dim]."""
        rows = self.generator.config.num_layers // self.w.shape[1]
        return np.repeat(self.w.numpy(), rows, axis=1)

    def samples(self) -> np.ndarray:
        """The picture so far, with its own noise maps, and the target; uint8 [2, H, W, C]."""
        images = tf.concat([self._synthesize(self.w.value()), self.target], axis=0)
        picture, _ = to_pixels(images.numpy())
        return np.stack([picture, np.round((self.target[0].numpy() + 1) * 127.5).astype(np.uint8)])


def w_statistics(
    generator: Generator, samples: int, labels: np.ndarray | None = None
) -> tuple[tf.Tensor, float]:
    """Mean of w [w_dim], and the root of its mean squared distance from that mean."""
    parts = []
    for start in range(0, samples, BLOCK):  # The mapping's output holds each w once per layer.
        indices = np.arange(start, min(start + BLOCK, samples))
        z = indexed_latents(indices, generator.config.latent_dim, derive_seed(0, "w"))
        classes = None if labels is None else np.repeat(labels, len(z), axis=0)
        parts.append(generator.mapping(z, labels=classes)[:, 0])
    w = tf.concat(parts, axis=0)
    mean = tf.reduce_mean(w, axis=0)
    return mean, float(tf.sqrt(tf.reduce_mean(tf.reduce_sum((w - mean) ** 2, axis=1))))


def learning_rate(config: ProjectionConfig, progress: tf.Tensor) -> tf.Tensor:
    """The learning rate at a share of the steps: a linear rise, and a cosine's fall."""
    down = tf.minimum(1.0, (1.0 - progress) / config.rampdown) if config.rampdown else 1.0
    up = tf.minimum(1.0, progress / config.rampup) if config.rampup else 1.0
    return config.learning_rate * (0.5 - 0.5 * tf.cos(math.pi * down)) * up


def multiscale_distance(images: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    """Mean squared difference of pixels, averaged over all scales down to 8x8.

    Each scale is half of the one before, by means of 2x2 pixels: coarse scales say where things
    are, fine ones what they look like.

    Args:
        images: [N, H, W, C], H and W powers of two from 8.
        others: the same.

    Returns:
        [N].
    """
    difference, distances = images - others, []
    while True:
        distances.append(tf.reduce_mean(difference**2, axis=[1, 2, 3]))
        if difference.shape[1] <= 8:
            return tf.add_n(distances) / len(distances)
        difference = tf.nn.avg_pool2d(difference, 2, 2, "VALID")


def noise_autocorrelation(noises: list[tf.Tensor]) -> tf.Tensor:
    """How far noise maps are from noise: squared correlations of neighbours, at all scales.

    For each map of 8x8 and more, and its halves down to 8x8 (means of 2x2 times 2, which keep the
    variance): (mean of n(x, y) n(x - 1, y))^2 + (mean of n(x, y) n(x, y - 1))^2, the edges wrapped
    around. Summed over all (equation 5 of Karras et al. 2020, appendix D).
    """
    total = tf.zeros([])
    for noise in noises:
        if noise.shape[1] < SMALLEST_NOISE:
            continue
        noise = noise + 0.0
        while True:
            for axis in (1, 2):
                total += tf.reduce_mean(noise * tf.roll(noise, 1, axis)) ** 2
            if noise.shape[1] <= SMALLEST_NOISE:
                break
            noise = 2.0 * tf.nn.avg_pool2d(noise, 2, 2, "VALID")
    return total


def _adam(variable, gradient, first, second, step: tf.Tensor, rate: tf.Tensor) -> None:
    """One step of Adam (Kingma & Ba, 2015), whose first step is number 0."""
    count = tf.cast(step + 1, tf.float32)
    beta_1, beta_2 = ADAM_BETAS
    gradient = tf.zeros_like(variable) if gradient is None else gradient
    first.assign(beta_1 * first + (1 - beta_1) * gradient)
    second.assign(beta_2 * second + (1 - beta_2) * gradient**2)
    mean, square = first / (1 - beta_1**count), second / (1 - beta_2**count)
    variable.assign_sub(rate * mean / (tf.sqrt(square) + ADAM_EPSILON))
