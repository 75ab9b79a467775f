"""Steps as graphs, and trainings that take over the graphs of those before them."""

import functools
from collections.abc import Callable, Hashable

import keras
import tensorflow as tf

from gan_knowledge_gaps.training.task import Task, copy_values, flat_variables

Metrics = dict[str, tf.Tensor]
RunStep = Callable[[int, tuple], Metrics]  # (step, what `distribute` gives) to metrics
Networks = dict[str, keras.Model]


def compile_step(task: Task, strategy: tf.distribute.Strategy) -> RunStep:
    """A task's step, each of its parts a graph of its own."""

    def run_part(part: Hashable, step: tf.Tensor, seed: tf.Tensor | None, *batch) -> Metrics:
        given = {"seed": seed, "part": part}
        options = {name: value for name, value in given.items() if value is not None}
        per_replica = strategy.run(task.train_step, args=(step, *batch), kwargs=options)
        if strategy.num_replicas_in_sync == 1:
            return per_replica
        return {
            name: strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)
            for name, value in per_replica.items()
        }

    @functools.cache  # a function each: of one that is traced for each part, TensorFlow warns
    def graph_of(part: Hashable):
        return tf.function(functools.partial(run_part, part))

    def run(step: int, batch: tuple) -> Metrics:
        number = tf.constant(step, tf.int64)
        seed = None if task.draw_seed is None else tf.constant(task.draw_seed, tf.int64)
        metrics: Metrics = {}
        for part in task.parts(step):
            metrics |= graph_of(part)(number, seed, *batch)
        return metrics

    return run


class Training:
    """A training by graphs that may be those of another one.

    Args:
        task: as it was built.
        networks: its networks by name.
        compiled: a training of the same graphs, by which it is trained; None to compile its own.
        strategy: that it is trained with.

    Attributes:
        task: what the loop trains.
        run_step: its step.
        names: of the networks.
    """

    def __init__(
        self, task: Task, networks: Networks, compiled: "Training | None",
        strategy: tf.distribute.Strategy,
    ):  # fmt: skip
        self._networks, self.names = networks, list(networks)
        if compiled is None:
            self.task, self._trained, self.run_step = task, networks, compile_step(task, strategy)
        else:
            self.task, self._trained, self.run_step = (
                compiled.task, compiled._trained, compiled.run_step,
            )  # fmt: skip
            self.task.become(task)

    def network(self, name: str) -> keras.Model:
        """A network as it is now; its configuration, of which seeds are a part, is its own."""
        network, trained = self._networks[name], self._trained[name]
        if network is not trained:
            copy_values(flat_variables(network), flat_variables(trained))
        return network


class CompiledSteps:
    """The steps of the last trainings, kept compiled for the trainings of the same graphs.

    Tracing and optimizing the graphs of a small training takes as long as the training. A training
    that finds its graphs here has the bits that it would have had in a process of its own.

    Args:
        strategy: that all are trained with.
        keep: how many different ones are kept; they hold their variables.
    """

    def __init__(self, strategy: tf.distribute.Strategy, keep: int = 4):
        self._strategy, self._keep = strategy, keep
        # The one that was used last stands last.
        self._kept: dict[Hashable, Training] = {}

    def training(self, task: Task, networks: Networks) -> Training:
        """The training of a task, by the graphs of one before it if there are any.

        Args:
            task: as it was built.
            networks: its networks by name.
        """
        compiled = self._kept.pop(task.graph, None)
        training = Training(task, networks, compiled, self._strategy)
        if task.graph is not None:
            self._kept[task.graph] = compiled or training
        while len(self._kept) > self._keep:
            del self._kept[next(iter(self._kept))]
        return training
