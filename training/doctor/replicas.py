"""In a process of its own: replicas train as one device does, and a training repeats itself.

Faults of either kind are silent: losses look as usual. NaN with several GPUs under MirroredStrategy
is reported since TensorFlow 2.16 (tensorflow#90686, #105552).
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.distribution import make_strategy
from training.doctor.finding import Finding, guarded, ok, problem
from training.doctor.trial import RATE, Trial
from training.loop import Loop, LoopConfig
from training.runtime import configure
from training.task import state_digest

STEPS = 6
_PER_REPLICA = 4
_REPORT = "report this line, with your GPUs and driver, as a fault; until then "


def findings(devices: str) -> list[Finding]:
    """Trains on one device, on the same again, and on all.

    Args:
        devices: "cpu", for two logical CPU devices, or "gpu", for all GPUs; nothing is found where
            TensorFlow sees no GPU.
    """
    configure()
    # Its rounding, of 11 bits, would hide what is looked for.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    if devices == "gpu" and not tf.config.list_physical_devices("GPU"):
        return []
    every = make_strategy(cpu_replicas=2 if devices == "cpu" else 0)
    replicas = every.num_replicas_in_sync
    kind = "CPU devices" if devices == "cpu" else "GPUs"
    alone = tf.distribute.get_strategy()
    once, again = (train(alone, _PER_REPLICA * replicas) for _ in range(2))
    found = guarded("Determinism", lambda: repeats(devices.upper(), _digest(once), _digest(again)))
    if replicas > 1:
        together = train(every, _PER_REPLICA * replicas)
        copies = [_values(together, replica) for replica in range(replicas)]
        found += guarded("Replicas", lambda: equal(f"{replicas} {kind}", _values(once), copies))
    return found


def train(strategy: tf.distribute.Strategy, batch_size: int) -> Trial:
    """The trial after a few steps under a strategy."""
    with strategy.scope():
        task = Trial(batch_size)
    config = LoopConfig(log_every=STEPS, sample_every=0, checkpoint_seconds=1e9)
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        loop = Loop(task, STEPS, Path(folder), label="trial", strategy=strategy, config=config)
        loop.run()
    return task


def repeats(where: str, first: str, second: str) -> Finding:
    """Whether two runs of one training end in the same bits, given their digests."""
    if first == second:
        return ok("Determinism", f"{where}: {STEPS} steps, twice, end in the same bits")
    return problem(
        "Determinism",
        f"{where}: {STEPS} steps, twice, end in other bits",
        f"{_REPORT}a resumed training will not equal an unbroken one",
    )


def equal(
    what: str, alone: Sequence[np.ndarray], copies: Sequence[Sequence[np.ndarray]]
) -> Finding:
    """Whether replicas hold one and the same state, and it is that of one device.

    Args:
        what: the replicas.
        alone: the variables after a training on one device.
        copies: the variables of every replica after the same training on all.
    """
    advice = f"{_REPORT}train on one device"
    if not all(np.isfinite(each).all() for copy in copies for each in copy):
        return problem("Replicas", f"{what} train to numbers that are not finite", advice)
    if not all(all(map(np.array_equal, copies[0], copy)) for copy in copies):
        return problem("Replicas", f"{what} do not agree on the variables", advice)
    differences = [np.abs(one - two).max() for one, two in zip(alone, copies[0], strict=True)]
    found = f"by {max(differences):.0e} at most, at a learning rate of {RATE:g}"
    # Sums are taken in another order; Adam divides what is left of small gradients by their size.
    if max(differences) > 0.01 * RATE:
        return problem("Replicas", f"{what} train otherwise than one device, {found}", advice)
    return ok("Replicas", f"{what} train as one device does; they differ {found}")


def _values(task: Trial, replica: int | None = None) -> list[np.ndarray]:
    """All variables: those of one replica, or as one reads them."""
    variables = [each for name in sorted(task.state) for each in task.state[name]]
    if replica is None:
        return [each.numpy() for each in variables]
    return [each.values[replica].numpy() for each in variables]


def _digest(task: Trial) -> str:
    return state_digest(task.state, STEPS)
