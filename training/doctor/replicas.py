"""In a process of its own: replicas train as one device does, and a training repeats itself.

Faults of either kind are silent: losses look as usual. NaN with several GPUs under MirroredStrategy
is reported since TensorFlow 2.16 (tensorflow#90686, #105552).
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.training.digests import state_digest
from gan_knowledge_gaps.training.distribution import make_strategy, replica_slice
from gan_knowledge_gaps.training.doctor.check import Check, problem
from gan_knowledge_gaps.training.loop import Loop, LoopConfig
from gan_knowledge_gaps.training.randomness import normal
from gan_knowledge_gaps.training.runtime import configure
from gan_knowledge_gaps.training.task import Task, flat_variables

STEPS, RATE = 6, 0.01
_PER_REPLICA, _SHAPE = 4, (8, 8, 1)
_REPORT = "report this line, with your GPUs and driver, as a fault; until then "


class Trial(Task):
    """Tells images from noise: a small training with all that a real one has.

    Convolutions, synchronized statistics, Adam, noise, and the gradient of a gradient.
    """

    def __init__(self, batch_size: int):
        self.batch_size = batch_size
        layers, (first, last) = keras.layers, map(keras.initializers.GlorotUniform, (1, 2))
        self.model = keras.Sequential([
            keras.Input(_SHAPE),
            # No bias: its gradient would be rounding only, which Adam makes whole steps of.
            layers.Conv2D(4, 3, 2, use_bias=False, kernel_initializer=first),
            layers.BatchNormalization(synchronized=True, momentum=0.5),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1, kernel_initializer=last),
        ])  # fmt: skip
        self.optimizer = keras.optimizers.Adam(RATE)
        self.optimizer.build(self.model.trainable_variables)
        parts = {"model": self.model, "optimizer": self.optimizer}
        self.state = {name: flat_variables(part) for name, part in parts.items()}

    def batch(self, step: int) -> tuple[np.ndarray, ...]:
        """Images [batch_size, 8, 8, 1], float32 in [-1, 1]."""
        images = np.random.default_rng(step).uniform(-1, 1, (self.batch_size, *_SHAPE))
        return (images.astype(np.float32),)

    def train_step(self, step: tf.Tensor, natural: tf.Tensor) -> dict[str, tf.Tensor]:
        """One update; see `Task.train_step`."""
        noise = replica_slice(normal((self.batch_size, *_SHAPE), 7, step))
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(natural)
                logits = self.model(natural, training=True)
            slopes = tf.reduce_sum(inner.gradient(logits, natural) ** 2)
            losses = tf.nn.softplus(-logits) + tf.nn.softplus(self.model(noise, training=True))
            loss = (tf.reduce_sum(losses) + slopes) / self.batch_size
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}


def checks(devices: str) -> list[Check]:
    """Trains on one device, on the same again, and on all.

    Args:
        devices: "CPU", which becomes two logical ones, or "GPU": nothing is found where TensorFlow
            sees none.
    """
    configure()
    # Its rounding, of 11 bits, would hide what is looked for.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    if devices == "CPU":
        tf.config.set_visible_devices([], "GPU")
    elif not tf.config.list_physical_devices("GPU"):
        return []
    every, alone = make_strategy(2 if devices == "CPU" else 0), tf.distribute.get_strategy()
    count = every.num_replicas_in_sync
    once, again = (train(alone, _PER_REPLICA * count) for _ in range(2))
    digests = [state_digest(task.state, STEPS) for task in (once, again)]
    found = [repeats(devices, *digests)]
    if count > 1:
        together = train(every, _PER_REPLICA * count)
        copies = [_values(together, replica) for replica in range(count)]
        found.append(equal(f"{count} {devices}s", _values(once), copies))
    return found


def train(strategy: tf.distribute.Strategy, batch_size: int) -> Trial:
    """The trial after a few steps under a strategy."""
    with strategy.scope():
        task = Trial(batch_size)
    config = LoopConfig(log_every=STEPS, sample_every=0, checkpoint_seconds=1e9)
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        Loop(task, STEPS, Path(folder), label="trial", strategy=strategy, config=config).run()
    return task


def repeats(where: str, first: str, second: str) -> Check:
    """Whether two runs of one training end in the same bits, given their digests."""
    found = (
        f"{where}: {STEPS} steps, twice, end in {'the same' if first == second else 'other'} bits"
    )
    if first == second:
        return Check("Determinism", found)
    return problem("Determinism", found, f"{_REPORT}a resumed training is not as an unbroken one")


def equal(what: str, alone: Sequence[np.ndarray], copies: Sequence[Sequence[np.ndarray]]) -> Check:
    """Whether the variables of all replicas are the same, and those of a training on one device."""
    advice = f"{_REPORT}train on one device"
    if not all(np.isfinite(each).all() for copy in copies for each in copy):
        return problem("Replicas", f"{what} train to numbers that are not finite", advice)
    if not all(all(map(np.array_equal, copies[0], copy)) for copy in copies):
        return problem("Replicas", f"{what} do not agree on the variables", advice)
    most = max(np.abs(one - two).max() for one, two in zip(alone, copies[0], strict=True))
    found = f"by {most:.0e} at most, at a learning rate of {RATE:g}"
    # Sums are taken in another order; Adam divides what is left of small gradients by their size.
    if most > 0.01 * RATE:
        return problem("Replicas", f"{what} train otherwise than one device, {found}", advice)
    return Check("Replicas", f"{what} train as one device does; they differ {found}")


def _values(task: Trial, replica: int | None = None) -> list[np.ndarray]:
    """All variables: those of one replica, or as one reads them."""
    variables = [each for name in sorted(task.state) for each in task.state[name]]
    return [(each if replica is None else each.values[replica]).numpy() for each in variables]
