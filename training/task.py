"""The contract between the training loop and what it trains."""

import abc
from collections.abc import Hashable

import numpy as np
import tensorflow as tf


class Task(abc.ABC):
    """A training: its variables, its batches and its step.

    A step is a function of (state, step number) alone: batches and random draws are stateless
    functions of the step. The loop can then stop and resume anywhere with the same result.

    Attributes:
        state: every variable that a step changes, in named flat lists: weights, moving statistics,
            optimizer slots. This and the step number is all a checkpoint holds.
        batch_size: examples of a global batch.
    """

    state: dict[str, list[tf.Variable]]
    batch_size: int

    @abc.abstractmethod
    def batch(self, step: int) -> tuple[np.ndarray, ...]:
        """The global batch of one step: arrays that share their first axis.

        A function of the step alone: the loop reads it ahead, in a thread, while others train.
        """

    def phase(self, step: int) -> Hashable:
        """What kind of step it is, where there are several; each is compiled once.

        Other than None, it is handed to `train_step` as the argument `phase`. A branch of the graph
        would not do: under a strategy, nothing can be updated inside one.
        """
        return None

    @abc.abstractmethod
    def train_step(self, step: tf.Tensor, *batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One update from one replica's slice of the batch; runs inside `strategy.run`.

        Returns:
            Scalars whose sum over the replicas is the value for the global batch.
        """

    def after_step(self, step: int) -> dict[str, float]:
        """Called on the host when `step` steps are done, before a checkpoint; validation goes here.

        Whatever it changes must be in the state.

        Returns:
            Metrics for the next line of the log; usually none.
        """
        return {}

    def is_done(self) -> bool:
        """Whether the training has converged and needs no further steps; by the state alone."""
        return False

    def samples(self) -> np.ndarray | None:
        """Images to look at, uint8 [N, H, W, C], the same latents every time; None for none."""
        return None


def flat_variables(*owners) -> list[tf.Variable]:
    """The TensorFlow variables of Keras models, layers and optimizers, in order."""
    return [variable.value for owner in owners for variable in owner.variables]
