"""One DCGAN training: non-saturating logistic losses, and frozen classifiers to fool."""

from collections.abc import Sequence
from typing import Self

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import EpochOrder, Images
from gan_knowledge_gaps.dcgan.config import IMAGE_SHAPE, DCGANConfig
from gan_knowledge_gaps.dcgan.networks import build_discriminator, build_generator
from gan_knowledge_gaps.dcgan.sampling import sample
from gan_knowledge_gaps.training.distribution import replica_slice
from gan_knowledge_gaps.training.fooling import FoolingLoss
from gan_knowledge_gaps.training.randomness import derive_seed, normal
from gan_knowledge_gaps.training.task import Task, flat_variables

SAMPLES = 64


class DCGANTask(Task):
    """Trains a generator against a discriminator and, with weight phi, against classifiers.

    Generator: `L_G = mean(-log D(G(z)) + fooling(G(z)))` (slides, "Setup"); discriminator: the
    logistic loss of natural and generated images. Both are updated from the same generated batch.

    Args:
        config: the training's configuration.
        images: natural training images, [28, 28, 1].
        seed: seed of initial weights, latents and data order.
        fooling: the loss of the classifiers that the generator must fool; None at iteration 0.

    Attributes:
        generator: latents [N, latent_dim] to images [N, 28, 28, 1] in [-1, 1].
        discriminator: images in [-1, 1] to logits [N, 1], positive = natural.

    Example:
        >>> from gan_knowledge_gaps.data import load
        >>> from gan_knowledge_gaps.dcgan import DCGANConfig, DCGANTask
        >>> task = DCGANTask(DCGANConfig(width=0.25), load("digits").train, seed=0)
        >>> task.samples().shape  # `training.loop.Loop` trains it
        (64, 28, 28, 1)
    """

    def __init__(
        self, config: DCGANConfig, images: Images, seed: int, fooling: FoolingLoss | None = None
    ):
        if images.shape != IMAGE_SHAPE:
            raise ValueError(f"the DCGAN makes images of shape {IMAGE_SHAPE}, not {images.shape}")
        self.config, self.images, self.seed, self.fooling = config, images, seed, fooling
        self.batch_size = config.batch_size
        self._order = EpochOrder(len(images), derive_seed(seed, "data"))
        self.draw_seed = derive_seed(seed, "latents")
        self.graph = DCGANTask, config, len(images), fooling and fooling.graph
        self.constants = [fooling.phi] if fooling else []
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        self.generator = build_generator(
            config.latent_dim, config.width, seed, replicas > 1, config.precision
        )
        self.discriminator = build_discriminator(
            config.width * config.discriminator_width, seed, config.precision
        )
        self._generator_optimizer = self._adam(config.generator_learning_rate, self.generator)
        self._discriminator_optimizer = self._adam(
            config.discriminator_learning_rate, self.discriminator
        )
        self.state = {
            "generator": flat_variables(self.generator),
            "discriminator": flat_variables(self.discriminator),
            "generator_optimizer": flat_variables(self._generator_optimizer),
            "discriminator_optimizer": flat_variables(self._discriminator_optimizer),
        }

    def _adam(self, learning_rate: float, network: keras.Model) -> keras.optimizers.Adam:
        schedule = keras.optimizers.schedules.PolynomialDecay(
            learning_rate, self.config.steps(len(self.images)), end_learning_rate=0.0
        )
        optimizer = keras.optimizers.Adam(schedule, self.config.beta_1, self.config.beta_2)
        optimizer.build(network.trainable_variables)
        return optimizer

    def batch(self, step: int) -> tuple[np.ndarray, ...]:
        """Natural images, uint8 [batch_size, 28, 28, 1]."""
        indices = self._order.indices(step * self.batch_size, self.batch_size)
        return (self.images.read(indices),)

    def become(self, other: Self) -> None:
        """Becomes another training of the same graph."""
        super().become(other)
        self.images, self.seed, self.draw_seed = other.images, other.seed, other.draw_seed
        self._order = other._order

    def train_step(
        self, step: tf.Tensor, natural: tf.Tensor, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """One update of both networks from one replica's natural images (uint8)."""
        natural = tf.cast(natural, tf.float32) / 127.5 - 1.0
        latents = normal((self.batch_size, self.config.latent_dim), seed, step)
        latents = replica_slice(latents)
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            generated = self.generator(latents, training=True)  # [N, 28, 28, 1]
            generated_logits = self.discriminator(generated, training=True)  # [N, 1]
            natural_logits = self.discriminator(natural, training=True)
            adversarial = self._mean(tf.nn.softplus(-generated_logits))
            fooling = self._fooling(generated)
            generator_loss = adversarial + fooling
            discriminator_loss = self._mean(
                tf.nn.softplus(generated_logits) + tf.nn.softplus(-natural_logits)
            )
        _update(self._generator_optimizer, self.generator, generator_tape, generator_loss)
        _update(
            self._discriminator_optimizer, self.discriminator, discriminator_tape,
            discriminator_loss,
        )  # fmt: skip
        metrics = {"generator_loss": adversarial, "discriminator_loss": discriminator_loss}
        if self.fooling is not None:
            metrics["fooling_loss"] = fooling
        return metrics

    def _fooling(self, generated: tf.Tensor) -> tf.Tensor:
        if self.fooling is None:
            return tf.zeros(())
        return self._mean(self.fooling((generated + 1.0) * 127.5))

    def _mean(self, values: tf.Tensor) -> tf.Tensor:
        """A replica's share of the mean over the global batch."""
        return tf.reduce_sum(values) / self.batch_size

    def samples(self) -> np.ndarray:
        """The images of the first 64 indices, uint8 [64, 28, 28, 1]."""
        return sample(self.generator, np.arange(SAMPLES))


def _update(optimizer, network: keras.Model, tape: tf.GradientTape, loss: tf.Tensor) -> None:
    variables: Sequence = network.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
