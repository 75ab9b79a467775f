"""A family of GANs that only the tests know: one dense layer each, the hinge loss, plain SGD."""

import dataclasses

import numpy as np
import tensorflow as tf
from keras import Input, Sequential, initializers, layers

from gan_knowledge_gaps.data import EpochOrder
from gan_knowledge_gaps.lab import families
from gan_knowledge_gaps.training.distribution import replica_slice
from gan_knowledge_gaps.training.family import PRESET_NAMES, GANFamily
from gan_knowledge_gaps.training.randomness import derive_seed, indexed_latents, normal
from gan_knowledge_gaps.training.task import Task, flat_variables

SHAPE, LATENTS, RATE = (28, 28, 1), 3, 0.5


@dataclasses.dataclass(frozen=True)
class LinearConfig:
    """How a linear GAN is trained.

    Attributes:
        steps: Of a training.
    """

    steps: int = 6


class LinearTask(Task):
    def __init__(self, config, images, seed, fooling):
        self.images, self.fooling, self.batch_size = images, fooling, 8
        self._seed = derive_seed(seed, "latents")
        self._order = EpochOrder(len(images), derive_seed(seed, "data"))
        first, second = (initializers.GlorotUniform(derive_seed(seed, n)) for n in (0, 1))
        dense = layers.Dense(28 * 28, "tanh", kernel_initializer=first)
        self.generator = Sequential([Input([LATENTS]), dense, layers.Reshape(SHAPE)])
        logit = layers.Dense(1, kernel_initializer=second)
        self.critic = Sequential([Input(SHAPE), layers.Flatten(), logit])
        self.state = {"networks": flat_variables(self.generator, self.critic)}

    def batch(self, step):
        return (self.images.read(self._order.indices(step * 8, 8)),)

    def train_step(self, step, natural):
        natural = tf.cast(natural, tf.float32) / 127.5 - 1.0
        latents = replica_slice(normal((8, LATENTS), self._seed, step))
        with tf.GradientTape(persistent=True) as tape:
            made = self.generator(latents)
            fooling = 0.0 if self.fooling is None else self.fooling((made + 1.0) * 127.5)
            loss = tf.reduce_sum(fooling - self.critic(made)[:, 0]) / 8
            gaps = 1.0 - self.critic(natural), 1.0 + self.critic(made)
            critic_loss = tf.reduce_sum(tf.nn.relu(tf.concat(gaps, 0))) / 8
        for network, its in ((self.generator, loss), (self.critic, critic_loss)):
            for weight in network.trainable_variables:
                weight.assign_sub(RATE * tape.gradient(its, weight))
        return {"generator_loss": loss, "critic_loss": critic_loss}


@families.register
@dataclasses.dataclass(frozen=True, kw_only=True)
class LinearFamily(GANFamily):
    name, block, image_shape, batch_size, scale = "linear", 8, SHAPE, 8, "one layer"
    gan: LinearConfig

    @classmethod
    def presets(cls):
        return dict.fromkeys(PRESET_NAMES, cls(gan=LinearConfig()))

    @classmethod
    def sample(cls, generator, indices, psi=1.0):
        images = generator(indexed_latents(indices, LATENTS, 0)).numpy()
        return np.round((images + 1.0) * 127.5).astype(np.uint8)

    def steps(self, images):
        return self.gan.steps

    def task(self, images, seed, fooling):
        task = LinearTask(self.gan, images, seed, fooling)
        return task, {"generator": task.generator, "critic": task.critic}
