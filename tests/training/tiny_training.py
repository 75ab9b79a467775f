"""A regression of a few variables, with all that a real training has: noise, Adam, statistics."""

import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import EpochOrder
from gan_knowledge_gaps.training.digests import state_digest
from gan_knowledge_gaps.training.distribution import replica_slice
from gan_knowledge_gaps.training.loop import Loop, LoopConfig
from gan_knowledge_gaps.training.randomness import normal
from gan_knowledge_gaps.training.task import Task, flat_variables

EXAMPLES = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
BATCH = 4


class TinyTask(Task):
    """Fits sum(x), with noise of its own at every step, by a dense layer.

    Args:
        hidden: whether a hidden layer with synchronized batch normalization comes first.
        at: what to call in the step that comes after so many steps.
    """

    batch_size = BATCH

    def __init__(self, *, hidden: bool = False, at: dict[int, Callable[[], None]] | None = None):
        self.at, self.asked = at or {}, []
        layers = [keras.Input((3,))]
        if hidden:
            layers += [
                keras.layers.Dense(4, use_bias=False, kernel_initializer=_glorot(1)),
                keras.layers.BatchNormalization(synchronized=True, momentum=0.5),
            ]
        layers.append(keras.layers.Dense(1, kernel_initializer=_glorot(2)))
        self.model = keras.Sequential(layers)
        self.optimizer = keras.optimizers.Adam(0.01)
        self.optimizer.build(self.model.trainable_variables)
        self.spare = tf.Variable([0.5, -0.5])  # in the state, and in no loss
        self.state = {
            "model": flat_variables(self.model),
            "optimizer": flat_variables(self.optimizer),
            "spare": [self.spare],
        }
        self.poison: Callable[[int], float] = lambda step: 0.0  # what the batch of a step has more

    def batch(self, step: int) -> tuple[np.ndarray, ...]:
        self.asked.append(step)
        order = EpochOrder(len(EXAMPLES), seed=1)
        return (EXAMPLES[order.indices(step * BATCH, BATCH)] + np.float32(self.poison(step)),)

    def after_step(self, step: int) -> dict[str, float]:
        # Not in `batch`, which is read ahead of the step.
        self.at.get(step - 1, lambda: None)()
        return {}

    def train_step(self, step: tf.Tensor, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        noise = replica_slice(normal((BATCH, 1), 7, step))
        with tf.GradientTape() as tape:
            error = self.model(inputs, training=True) - tf.reduce_sum(inputs, 1, True) - noise
            loss = tf.reduce_sum(error**2) / BATCH
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss, "error": tf.reduce_sum(tf.abs(error)) / BATCH}

    def samples(self) -> np.ndarray:
        step = int(self.optimizer.iterations.numpy())
        return np.full((1, 2, 2, 1), step, np.uint8)


def _glorot(seed: int) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed)


def make_loop(task: Task, steps: int, folder: Path, **options) -> Loop:
    """A loop over a task; options are LoopConfig's, `strategy`, `write_samples`, `after`."""
    rest = {name: options.pop(name, None) for name in ("strategy", "write_samples", "after")}
    config = LoopConfig(**{"log_every": 3, "sample_every": 0, "checkpoint_seconds": 0, **options})
    return Loop(task, steps, folder, label="tiny", config=config, **rest)


def digest(task: Task, steps: int) -> str:
    return state_digest(task.state, steps)


def logged(folder: Path) -> list[dict]:
    """The lines of the metrics file without the speed, which no two runs share."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    for record in records:
        assert record.pop("images_per_second") > 0
    return records
