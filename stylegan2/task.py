"""One StyleGAN2 training: the order of updates, and what each of them is."""

import functools
from typing import Self, cast

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import EpochOrder, Images
from gan_knowledge_gaps.stylegan2 import losses
from gan_knowledge_gaps.stylegan2.adam import Adam, assign_all
from gan_knowledge_gaps.stylegan2.config import NetworkConfig, TrainingConfig
from gan_knowledge_gaps.stylegan2.discriminator import Discriminator
from gan_knowledge_gaps.stylegan2.generator import Generator
from gan_knowledge_gaps.stylegan2.ops.multi_tensor import move_averages
from gan_knowledge_gaps.stylegan2.randomness import Draws
from gan_knowledge_gaps.stylegan2.sampling import sample
from gan_knowledge_gaps.stylegan2.update import Metrics, Update
from gan_knowledge_gaps.training.fooling import FoolingLoss
from gan_knowledge_gaps.training.randomness import derive_seed
from gan_knowledge_gaps.training.task import Task, flat_variables

SAMPLES = 64


class StyleGAN2Task(Task):
    """Trains a generator and a discriminator, and keeps an average of the generator.

    A step is a minibatch: an update of the generator (G), of its path length penalty (G_reg, every
    4 minibatches), of the discriminator (D), of the average, of R1 (D_reg, every 16), in this
    order; regularization is an update of its own on the same Adam state, its loss multiplied by
    the interval (Karras et al. 2020, section 3.1 and appendix B).

    The updates equal those of the published training on 8 GPUs with one chunk of a minibatch each
    (docs/stylegan2.md has the comparison), but for what is better here, on purpose: R1 sees all
    natural images of the minibatch, not those of the last chunk only; it mirrors them by draws of
    its own; and all devices share the running means of w and of path lengths, which there are those
    of the first device.

    Built inside the scope of the strategy that it is trained with, whose devices share minibatches.

    Args:
        network: configuration of the networks.
        config: configuration of the training.
        images: natural training images, [resolution, resolution, channels].
        seed: seed of initial weights, of all draws and of the data order.
        fooling: the loss of the classifiers that the generator must fool; None at iteration 0.
        labels: class of each image, integers [len(images)], where the networks have labels.

    Attributes:
        generator: the generator that is trained.
        generator_ema: its running average, which makes the images.
        discriminator: images in [-1, 1] to logits [N, 1], positive = natural.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.data import ArrayImages
        >>> from gan_knowledge_gaps.stylegan2 import NetworkConfig, StyleGAN2Task, TrainingConfig
        >>> images = ArrayImages(np.zeros((100, 8, 8, 3), np.uint8))
        >>> network = NetworkConfig(resolution=8, fmap_max=16, latent_dim=16, w_dim=16)
        >>> task = StyleGAN2Task(network, TrainingConfig(kimg=1), images, seed=0)
        >>> task.config.steps, task.batch(step=0)[0].shape  # `training.loop.Loop` trains it
        (32, (32, 8, 8, 3))
    """

    def __init__(
        self,
        network: NetworkConfig,
        config: TrainingConfig,
        images: Images,
        seed: int,
        fooling: FoolingLoss | None = None,
        labels: np.ndarray | None = None,
    ):
        shape = (network.resolution, network.resolution, network.channels)
        if images.shape != shape:
            raise ValueError(f"the networks make images of shape {shape}, not {images.shape}")
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        chunk_size = config.chunk_size(network, replicas)
        self.network, self.config, self.images = network, config, images
        self.seed, self.draw_seed, self.fooling = seed, seed, fooling
        self.graph = StyleGAN2Task, network, config, fooling and fooling.graph
        self.constants = [fooling.phi] if fooling else []
        self.classes = labels if network.label_dim else None
        self.labels = None
        if network.label_dim:
            self.labels = _one_hot(cast(np.ndarray, labels), network.label_dim)
        self.batch_size = config.batch_size
        self._order = EpochOrder(len(images), derive_seed(seed, "data"))
        self.generator, self.generator_ema = Generator(network, seed), Generator(network, seed)
        self.discriminator = Discriminator(network, seed)
        self._generator_adam = self._adam(self.generator, config.generator_interval)
        self._discriminator_adam = self._adam(self.discriminator, config.discriminator_interval)
        update = functools.partial(Update, batch_size=config.batch_size, chunk_size=chunk_size)
        self._updates = {
            each.name: each
            for each in (
                update("G", self._generator_loss, self._generator_adam),
                update("G_reg", self._path_length_loss, self._generator_adam),
                update("D", self._discriminator_loss, self._discriminator_adam),
                update("D_reg", self._r1_loss, self._discriminator_adam),
            )
        }
        self._path_length_mean = tf.Variable(0.0, trainable=False, name="path_length_mean")
        self.state = {
            "generator": flat_variables(self.generator),
            "generator_ema": flat_variables(self.generator_ema),
            "discriminator": flat_variables(self.discriminator),
            "generator_adam": self._generator_adam.state,
            "discriminator_adam": self._discriminator_adam.state,
            "path_length_mean": [self._path_length_mean],
        }

    def _adam(self, network: keras.Model, interval: int) -> Adam:
        variables = [variable.value for variable in network.trainable_variables]
        return Adam(variables, **self.config.adam(interval))

    # The loop's side

    def batch(self, step: int) -> tuple[np.ndarray, ...]:
        """Natural images, uint8 [batch_size, H, W, C].

        With labels also theirs and those of the images that G and G_reg generate, both one-hot
        float32 [batch_size, label_dim]; the latter are those of other natural images.
        """
        indices = self._order.indices(step * self.batch_size, self.batch_size)
        natural = self.images.read(indices)
        if self.labels is None:
            return (natural,)
        others = np.random.default_rng([self.seed, step]).integers(
            len(self.labels), size=len(natural)
        )
        return natural, self.labels[indices], self.labels[others]

    def parts(self, step: int) -> list[str]:
        """The updates of a step, in order: the generator's, the discriminator's."""
        config = self.config
        due = {
            "G": True,
            "G_reg": step % config.generator_interval == 0 and config.path_length_weight > 0,
            "D": True,
            "D_reg": step % config.discriminator_interval == 0 and config.gamma > 0,
        }
        return [name for name, is_due in due.items() if is_due]

    def become(self, other: Self) -> None:
        """Becomes another training of the same graph."""
        super().become(other)
        self.images, self.seed, self.draw_seed = other.images, other.seed, other.draw_seed
        self.classes, self.labels, self._order = other.classes, other.labels, other._order

    def train_step(
        self, step: tf.Tensor, natural: tf.Tensor, *labels: tf.Tensor, seed: tf.Tensor, part: str
    ) -> Metrics:
        """One update of a minibatch, from one replica's slice of what `batch` gives."""
        natural = tf.cast(natural, tf.float32) / 127.5 - 1.0
        metrics = self._updates[part](step, seed, (natural, *labels))
        if part != "D_reg":  # the only one that generates no images
            self._move_w_avg(metrics.pop("w"))
        if part == "G_reg":
            self._move_path_length_mean(metrics["path_length"])
        if part == "D":
            self._move_average()
        return metrics

    def samples(self) -> np.ndarray:
        """The averaged generator's images of the first 64 indices, uint8 [64, H, W, C]."""
        return sample(self.generator_ema, np.arange(SAMPLES), self._sample_labels())

    def _sample_labels(self) -> np.ndarray | None:
        if self.labels is None:
            return None
        classes = self.network.label_dim
        return _one_hot(np.arange(SAMPLES) % classes, classes)

    # The losses

    def _generator_loss(self, draws, natural, labels=None, generated_labels=None):
        w = self._styles(draws, len_of(natural), generated_labels)
        generated = self.generator.synthesis(w, noise=draws.noise)
        logits = self.discriminator(generated, labels=generated_labels)
        adversarial = losses.generator_logistic(logits)
        metrics = {"generator_loss": adversarial, "w": w[:, 0]}
        if self.fooling is None:
            return adversarial, metrics
        fooling = self.fooling(tf.clip_by_value((generated + 1.0) * 127.5, 0.0, 255.0))
        return adversarial + fooling, metrics | {"fooling_loss": fooling}

    def _path_length_loss(self, draws, natural, labels=None, generated_labels=None):
        count = max(1, len_of(natural) // self.config.path_length_shrink)
        some_labels = None if generated_labels is None else generated_labels[:count]
        w = self._styles(draws, count, some_labels)
        noise = draws.normal("image", [count, *natural.shape[1:]])
        synthesis = functools.partial(self.generator.synthesis, noise=draws.noise)
        lengths = losses.path_lengths(synthesis, w, noise)
        penalty = losses.path_length_penalty(
            lengths,
            self._path_length_mean,
            self.config.path_length_decay,
            self.config.path_length_weight,
        )
        metrics = {"path_length": lengths, "path_length_penalty": penalty, "w": w[:, 0]}
        return penalty * self.config.generator_interval, metrics

    def _discriminator_loss(self, draws, natural, labels=None, generated_labels=None):
        # Generated images have the labels of the natural ones that they are told from.
        w = self._styles(draws, len_of(natural), labels)
        generated = self.generator.synthesis(w, noise=draws.noise)
        loss = losses.discriminator_logistic(
            self.discriminator(generated, labels=labels),
            self.discriminator(self._mirrored(draws, natural), labels=labels),
        )
        return loss, {"discriminator_loss": loss, "w": w[:, 0]}

    def _r1_loss(self, draws, natural, labels=None, generated_labels=None):
        discriminator = functools.partial(self.discriminator, labels=labels)
        penalty = losses.r1_penalty(
            discriminator, self._mirrored(draws, natural), self.config.gamma
        )
        return penalty * self.config.discriminator_interval, {"r1_penalty": penalty}

    def _styles(self, draws: Draws, count: int, labels) -> tf.Tensor:
        """w [count, num_layers, w_dim]; layers from a random one on may have another latent's."""
        shape = [count, self.network.latent_dim]
        w = self.generator.mapping(draws.normal("z", shape), labels=labels)
        if not self.config.style_mixing:
            return w
        other = self.generator.mapping(draws.normal("mixed z", shape), labels=labels)
        layers = self.network.num_layers
        # One cut-off for the whole chunk: layers from 1 ... layers - 1 on.
        # In float32: a GPU would leave arithmetic on int32 to the host.
        cut = 1.0 + tf.floor(draws.uniform("cut-off", [], layers - 1))
        mixed = draws.uniform("mix", []) < self.config.style_mixing
        cut = tf.where(mixed, cut, float(layers))
        return tf.where((tf.range(layers, dtype=tf.float32) < cut)[None, :, None], w, other)

    def _mirrored(self, draws: Draws, images: tf.Tensor) -> tf.Tensor:
        if not self.config.mirror:
            return images
        chosen = draws.uniform("mirror", [len_of(images), 1, 1, 1]) < 0.5
        return tf.where(chosen, tf.reverse(images, axis=[2]), images)

    # Running means

    def _move_w_avg(self, share: tf.Tensor) -> None:
        """Every pass of the generator moves it, 2.25 times a minibatch with the defaults."""
        mean, w_avg = _all_replicas(share), self.generator.w_avg
        beta = self.config.w_avg_beta
        assign_all([w_avg.value], [mean + (w_avg - mean) * beta])

    def _move_path_length_mean(self, share: tf.Tensor) -> None:
        mean = _all_replicas(share)
        moved = self._path_length_mean + self.config.path_length_decay * (
            mean - self._path_length_mean
        )
        assign_all([self._path_length_mean], [moved])

    def _move_average(self) -> None:
        averages, currents = map(flat_variables, (self.generator_ema, self.generator))
        trainable = {id(variable.value) for variable in self.generator.trainable_variables}
        betas = [self.config.ema_beta if id(each) in trainable else 0.0 for each in currents]

        def move(strategy: tf.distribute.Strategy) -> None:
            strategy.extended.update(
                averages[0], lambda _: move_averages(averages, currents, betas), group=False
            )

        tf.distribute.get_replica_context().merge_call(move)


def _all_replicas(share: tf.Tensor) -> tf.Tensor:
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, share)


def _one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[labels]


def len_of(images: tf.Tensor) -> int:
    """Images of a chunk."""
    return images.shape[0]
