"""The interface between the training loop and the networks that it trains."""

import abc
import itertools
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Self

import numpy as np
import tensorflow as tf


class Task(abc.ABC):
    """A training: its variables, its batches and its step.

    A step is a function of (state, step number) alone: batches and random draws are stateless
    functions of the step. The loop can then stop and resume anywhere with the same result.

    Attributes:
        state: every variable that a step changes, in named flat lists: weights, moving statistics,
            optimizer slots. This and the step number is all a checkpoint holds.
        constants: the variables that a step only reads, and that other trainings of the same graph
            have with other values.
        batch_size: examples of a global batch.
        draw_seed: the seed of what a step draws on the device; None where it draws nothing. It is
            handed to `train_step` as the argument `seed`: an input of the graph, not a part of it.
        graph: what the graphs of the step depend on, but for the values of variables and inputs.
            Trainings where it is equal are compiled once, see `CompiledSteps`; None for a training
            that shares its graphs with no other.
    """

    state: dict[str, list[tf.Variable]]
    constants: Sequence[tf.Variable] = ()
    batch_size: int
    draw_seed: int | None = None
    graph: Hashable | None = None

    @abc.abstractmethod
    def batch(self, step: int) -> tuple[np.ndarray, ...]:
        """The global batch of one step: arrays that share their first axis.

        A function of the step alone: the loop reads it ahead, in a thread, while others train.
        """

    def parts(self, step: int) -> Sequence[Hashable]:
        """The parts that a step is made of, in order; each is compiled once, when it first comes.

        A part other than None is handed to `train_step` as the argument `part`. A branch of the
        graph would not do: under a strategy, nothing can be updated inside one.
        """
        return (None,)

    @abc.abstractmethod
    def train_step(self, step: tf.Tensor, *batch: Any, **how: Any) -> dict[str, tf.Tensor]:
        """One update, or one part of it, from one replica's slice of the batch.

        Runs inside `strategy.run`.

        Returns:
            Scalars whose sum over the replicas is the value for the global batch.
        """

    def become(self, other: Self) -> None:
        """Becomes another training of the same `graph`, with its values, data and order.

        A task that has a `graph` extends this by what it keeps outside of variables.
        """
        copy_values(_variables(self), _variables(other))

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

    def finish(self) -> None:  # noqa: B027 - most do nothing
        """Called when the training has ended, before its networks are saved."""

    def samples(self) -> np.ndarray | None:
        """Images to look at, uint8 [N, H, W, C], the same latents every time; None for none."""
        return None


def _variables(task: Task) -> list[tf.Variable]:
    return [*itertools.chain(*task.state.values()), *task.constants]


def copy_values(variables: Iterable[tf.Variable], source: Iterable[tf.Variable]) -> None:
    """Gives variables the values of others, in order."""
    for variable, other in zip(variables, source, strict=True):
        variable.assign(other.read_value())


def flat_variables(*owners) -> list[tf.Variable]:
    """The TensorFlow variables of Keras models, layers and optimizers, in order."""
    return [variable.value for owner in owners for variable in owner.variables]
