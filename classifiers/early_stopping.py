"""Stopping at convergence: validation after each epoch, and the best weights kept."""

import abc
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.classifiers.scoring import predict
from gan_knowledge_gaps.data import Images
from gan_knowledge_gaps.training.task import copy_values, flat_variables

WORST = 1e30  # A loss that any other is better than; finite, as everything in a checkpoint is.


class EarlyStopping(abc.ABC):
    """Watches the validation loss and keeps the weights that had the lowest.

    Args:
        model: images in [0, 255] to logits [N, D].
        sets: images of each class that do not train.
        every: steps from one look to the next.
        patience: looks without an improvement after which the training has converged.

    Attributes:
        state: variables that a checkpoint must hold.
    """

    def __init__(self, model: keras.Model, sets: Sequence[Images], every: int, patience: int):
        self.model, self.sets, self.every, self.patience = model, sets, every, patience
        self._best = [tf.Variable(variable) for variable in flat_variables(model)]
        self._lowest, self._since = tf.Variable(WORST), tf.Variable(0)
        self.state = [*self._best, self._lowest, self._since]

    @abc.abstractmethod
    def measure(self) -> tuple[float, float]:
        """The loss and the accuracy of the model as it is, of `sets`."""

    def after_step(self, step: int) -> dict[str, float]:
        """Validates if it is time to."""
        return {} if step % self.every else self.validate()

    def validate(self) -> dict[str, float]:
        """Loss and accuracy; remembers the lowest loss."""
        loss, accuracy = self.measure()
        if loss < self._lowest.numpy():
            self._lowest.assign(loss)
            self._since.assign(0)
            copy_values(self._best, flat_variables(self.model))
        else:
            self._since.assign_add(1)
        return {"validation_loss": float(loss), "validation_accuracy": float(accuracy)}

    @property
    def has_converged(self) -> bool:
        """Whether the loss has not improved in the last `patience` validations."""
        return self._since.numpy() >= self.patience

    def take_best(self) -> None:
        """Gives the model the weights of the lowest loss, if it was validated at all."""
        if self._lowest.numpy() < WORST:
            copy_values(flat_variables(self.model), self._best)


class DetectorStopping(EarlyStopping):
    """By the cross-entropy of natural and generated images, each kind weighing half.

    Args:
        model: images in [0, 255] to logits [N, 1], positive = generated.
        natural: natural images that do not train.
        generated: generated images that do not train.
        every: steps from one look to the next.
        patience: looks without an improvement after which the training has converged.
    """

    def __init__(
        self, model: keras.Model, natural: Images, generated: Images, every: int, patience: int
    ):
        super().__init__(model, (natural, generated), every, patience)

    def measure(self) -> tuple[float, float]:
        """Cross-entropy, and accuracy at 0.5."""
        natural, generated = (predict(self.model, each)[:, 0] for each in self.sets)
        loss = (np.logaddexp(0, natural).mean() + np.logaddexp(0, -generated).mean()) / 2
        accuracy = ((natural <= 0).mean() + (generated > 0).mean()) / 2
        return loss, accuracy


class ClassStopping(EarlyStopping):
    """By the cross-entropy of several classes, each weighing the same; logits are [N, classes]."""

    def measure(self) -> tuple[float, float]:
        """Cross-entropy, and the share of images whose largest logit is that of their class."""
        losses, accuracies = [], []
        for label, images in enumerate(self.sets):
            logits = predict(self.model, images).astype(np.float64)
            losses.append(np.mean(np.logaddexp.reduce(logits, axis=1) - logits[:, label]))
            accuracies.append(np.mean(logits.argmax(axis=1) == label))
        return float(np.mean(losses)), float(np.mean(accuracies))
