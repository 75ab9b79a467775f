"""Classifier trainings: natural against generated, and one digit against the others."""

import abc
from typing import Self

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig, augmented
from gan_knowledge_gaps.classifiers.cnn import build_cnn
from gan_knowledge_gaps.classifiers.config import ClassifierConfig, DigitConfig
from gan_knowledge_gaps.classifiers.early_stopping import DetectorStopping, EarlyStopping
from gan_knowledge_gaps.classifiers.models import build_configured
from gan_knowledge_gaps.classifiers.pool import BalancedPool
from gan_knowledge_gaps.data import EpochOrder, Images
from gan_knowledge_gaps.training.randomness import derive_seed
from gan_knowledge_gaps.training.task import Task, flat_variables

DIGIT_FEATURES = 64
LEAST_LOOKS = 3  # at the validation loss, until a training has converged


def looks(config: ClassifierConfig, every: int) -> int:
    """How often in a row the loss may be no lower, seen every so many steps, at convergence."""
    return max(LEAST_LOOKS, -(-config.patience // every))


def class_losses(logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The cross-entropy of each image over classes [N], and whether its class is right [N].

    Args:
        logits: float32 [N, K].
        labels: int32 [N], 0 ... K - 1.
    """
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    # Not in int32, which a GPU would leave to the host.
    return losses, tf.argmax(logits, axis=-1) == tf.cast(labels, tf.int64)


class SupervisedTask(Task):
    """Adam on a classification loss, with a learning rate that falls linearly to 0.

    Args:
        model: images in [0, 255] to logits.
        config: the training's configuration.
        steps: steps of the whole training.

    Attributes:
        early_stopping: by which the training ends at convergence; None to train all steps.
    """

    early_stopping: EarlyStopping | None = None

    def __init__(self, model: keras.Model, config: ClassifierConfig | DigitConfig, steps: int):
        self.model, self.batch_size = model, config.batch_size
        # At a constant rate the last steps decide where the threshold of 0.5 comes to lie.
        schedule = keras.optimizers.schedules.PolynomialDecay(
            config.learning_rate, steps, end_learning_rate=0.0
        )
        self._optimizer = keras.optimizers.Adam(schedule)
        self._optimizer.build(model.trainable_variables)
        self.state = {
            "model": flat_variables(model),
            "optimizer": flat_variables(self._optimizer),
        }

    def train_step(self, step: tf.Tensor, images: tf.Tensor, labels: tf.Tensor):
        """One update from one replica's images (uint8) and labels."""
        images = tf.cast(images, tf.float32)
        with tf.GradientTape() as tape:
            logits = self.model(images, training=True)
            losses, correct = self.losses(logits, labels)  # [N], [N]
            loss = tf.reduce_sum(losses) / self.batch_size
        variables = self.model.trainable_variables
        self._optimizer.apply(tape.gradient(loss, variables), variables)
        accuracy = tf.reduce_sum(tf.cast(correct, tf.float32)) / self.batch_size
        return {"loss": loss, "accuracy": accuracy}

    def stop_early(self, stopping: EarlyStopping) -> None:
        """Lets the training end at convergence."""
        self.early_stopping = stopping
        self.state["early_stopping"] = stopping.state

    def after_step(self, step: int) -> dict[str, float]:
        """Validates after each epoch, where the training may stop early."""
        return {} if self.early_stopping is None else self.early_stopping.after_step(step)

    def finish(self) -> None:
        """Takes the weights of the lowest validation loss."""
        if self.early_stopping is not None:
            self.early_stopping.take_best()

    def is_done(self) -> bool:
        """Whether the validation loss has stopped improving."""
        return self.early_stopping is not None and self.early_stopping.has_converged

    @abc.abstractmethod
    def losses(self, logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss of each image [N] and whether it is classified correctly [N]."""


class ClassifierTask(SupervisedTask):
    """Trains a classifier to tell the images of a pool of generators from natural ones.

    Args:
        architecture: one of `classifiers.ARCHITECTURES`.
        config: the training's configuration.
        natural: natural training images, N of them in the paper.
        generated: images of each generator of the pool; N of each in the paper.
        seed: seed of the initial weights, the data order and augmentation.
        augmentation: of natural and generated images alike; None for none, as in the paper.
        validation: natural and generated images that do not train, by whose loss the training
            stops; None to train all epochs.
        model: that is trained further; None for one with fresh weights.

    Attributes:
        steps: of the whole training, at most.
        epoch: steps of an epoch, at least 1.

    Example:
        >>> import numpy as np
        >>> from gan_knowledge_gaps.classifiers import ClassifierConfig, ClassifierTask
        >>> from gan_knowledge_gaps.data import ArrayImages, load
        >>> natural = load("digits").train
        >>> noise = np.random.default_rng(0).integers(0, 256, (500, 28, 28, 1), np.uint8)
        >>> task = ClassifierTask("cnn", ClassifierConfig(), natural, [ArrayImages(noise)], seed=0)
        >>> task.model.output_shape  # `training.loop.Loop` trains it
        (None, 1)
    """

    def __init__(
        self,
        architecture: str,
        config: ClassifierConfig,
        natural: Images,
        generated: list[Images],
        seed: int,
        augmentation: AugmentationConfig | None = None,
        validation: tuple[Images, Images] | None = None,
        model: keras.Model | None = None,
    ):
        self._pool = BalancedPool(natural, generated, config.batch_size, seed)
        self._augmentation = augmentation or AugmentationConfig()
        self._seed = derive_seed(seed, "augmentation")
        is_fresh = model is None
        if is_fresh:
            model = build_configured(architecture, natural.shape, seed, config)
        largest = max(len(natural), sum(map(len, generated)))
        self.epoch = max(1, 2 * largest // config.batch_size)
        self.steps = config.steps(largest, 1)
        super().__init__(model, config, self.steps)
        if validation is not None:
            patience = looks(config, self.epoch)
            self.stop_early(DetectorStopping(model, *validation, self.epoch, patience))
        elif is_fresh:
            self.graph = ClassifierTask, architecture, config, natural.shape, self.steps

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Half natural, half generated: uint8 [B, H, W, C], and labels [B], 1 = generated."""
        images, labels = self._pool.batch(step)
        return augmented(images, self._augmentation, [self._seed, step]), labels

    def become(self, other: Self) -> None:
        """Becomes another training of the same graph."""
        super().become(other)
        self._pool, self._augmentation, self._seed = other._pool, other._augmentation, other._seed

    def losses(self, logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Binary cross-entropy; the decision threshold is 0.5, a logit of 0."""
        logits = tf.reshape(logits, [-1])
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
        return losses, (logits > 0) == (labels > 0.5)


class DigitTask(SupervisedTask):
    """Trains a digit classifier on natural images, for the features of a Fréchet distance.

    It is the setting's CNN with a hidden layer of 64 features and a logit for each class: ten, but
    data sets in MNIST's format may have others.

    Args:
        config: the training's configuration.
        natural: natural training images.
        labels: their digits, integers [N] from 0.
        seed: seed of the initial weights and the data order.

    Example:
        >>> from gan_knowledge_gaps.classifiers import DigitConfig, DigitTask
        >>> from gan_knowledge_gaps.data import load
        >>> digits = load("digits")
        >>> task = DigitTask(DigitConfig(), digits.train, digits.train_labels, seed=0)
        >>> task.model.output_shape
        (None, 10)
    """

    def __init__(self, config: DigitConfig, natural: Images, labels: np.ndarray, seed: int):
        self._natural, self._labels = natural, np.asarray(labels, np.int32)
        self._order = EpochOrder(len(natural), derive_seed(seed, "digits"))
        classes = int(self._labels.max()) + 1
        model = build_cnn(natural.shape, classes, DIGIT_FEATURES, seed)
        super().__init__(model, config, config.steps(len(natural)))
        self.graph = DigitTask, config, natural.shape, classes, len(natural)

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Natural images, uint8 [B, H, W, C], and their digits, int32 [B]."""
        indices = self._order.indices(step * self.batch_size, self.batch_size)
        return self._natural.read(indices), self._labels[indices]

    def become(self, other: Self) -> None:
        """Becomes another training of the same graph."""
        super().become(other)
        self._natural, self._labels, self._order = other._natural, other._labels, other._order

    def losses(self, logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Cross-entropy over the digits."""
        return class_losses(logits, labels)
