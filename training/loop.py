"""The training loop, one for GANs and classifiers."""

import dataclasses
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from data import InputError
from training.checkpoints import Checkpoints
from training.distribution import check_batch_size, distribute
from training.metrics_log import MetricsLog, read_metrics
from training.progress import Progress, say
from training.signals import Interrupted, stop_request
from training.task import Task


@dataclasses.dataclass(frozen=True)
class LoopConfig:
    """How a training is watched and saved; none of it changes what is trained.

    Attributes:
        log_every: steps between two lines of metrics.
        sample_every: steps between two grids of samples; 0 for none but the last.
        checkpoint_seconds: least time between two checkpoints.
        keep_checkpoints: how many of the newest checkpoints to keep.
    """

    log_every: int = 50
    sample_every: int = 2000
    checkpoint_seconds: float = 60.0
    keep_checkpoints: int = 2


class NonFiniteError(InputError):
    """A loss or a variable became NaN or infinite."""


class Loop:
    """Trains a task for a number of steps, resuming where the last process left off.

    Args:
        task: what to train. Built inside `strategy.scope()`.
        steps: number of steps in all.
        folder: the training's folder: `checkpoints/`, `metrics.jsonl`, `samples/`.
        label: what progress lines call it.
        strategy: the strategy that the task was built in.
        config: how it is watched and saved.
        write_samples: called with (path of a PNG file, uint8 [N, H, W, C]) for each grid.

    Attributes:
        seconds: time spent training so far, by all processes that worked on it.
    """

    def __init__(
        self,
        task: Task,
        steps: int,
        folder: Path,
        *,
        label: str,
        strategy: tf.distribute.Strategy | None = None,
        config: LoopConfig | None = None,
        write_samples: Callable[[Path, np.ndarray], None] | None = None,
    ):
        self.task, self.steps, self.folder, self.label = task, steps, folder, label
        self.strategy = strategy or tf.distribute.get_strategy()
        self.config = config or LoopConfig()
        self.write_samples = write_samples
        check_batch_size(task.batch_size, self.strategy)
        self._step_function = _compile(task, self.strategy)
        self._checkpoints = Checkpoints(
            folder / "checkpoints", task.state, self.config.keep_checkpoints
        )
        self.seconds = 0.0

    def run(self) -> dict[str, float]:
        """Trains to the last step.

        Returns:
            The metrics of the last line logged.

        Raises:
            Interrupted: SIGINT or SIGTERM came; a checkpoint of the last whole step is saved.
            NonFiniteError: a loss became NaN or infinite; the last good checkpoint stays.
            InputError: there are checkpoints, and all of them are damaged.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        step = self._resume()
        with (
            stop_request() as stop,
            MetricsLog(self.folder, step) as log,
            Progress(self.label, self.steps, start=step) as progress,
        ):
            metrics = self._train(step, stop, log, progress)
        return metrics

    def _resume(self) -> int:
        step = self._checkpoints.restore_newest()
        self.seconds = self._checkpoints.note(step).get("seconds", 0.0) if step else 0.0
        if step is None and read_metrics(self.folder / "metrics.jsonl"):
            say(f"{self.label}: no checkpoint was saved yet; starting again at step 0")
        return step or 0

    def _train(self, step, stop, log, progress) -> dict[str, float]:
        pending, metrics = [], {}
        started = self._logged_at = self._saved_at = time.monotonic()
        seconds_before = self.seconds
        while step < self.steps:
            batch = distribute(self.strategy, self.task.batch(step))
            pending.append(self._step_function(tf.constant(step, tf.int64), *batch))
            step += 1
            last = step == self.steps
            if last or stop or step % self.config.log_every == 0:
                # Reading the metrics waits for the device: once per line, not once per step.
                metrics = self._mean_of_finite(pending, step)
                log.write(step, {**metrics, "images_per_second": self._rate(len(pending))})
                pending = []
            progress.advance(note=_note(metrics))
            if self.config.sample_every and step % self.config.sample_every == 0:
                self._sample(step)
            self.seconds = seconds_before + time.monotonic() - started
            if last or stop or (not pending and self._checkpoint_is_due()):
                self._save(step)
            if stop and not last:
                say(f"{self.label}: stopped at step {step:,} of {self.steps:,}, checkpoint saved")
                raise Interrupted(stop.number)
        return metrics

    def _mean_of_finite(self, pending: list[dict[str, tf.Tensor]], step: int) -> dict[str, float]:
        """The mean of each metric since the last line; raises at the first that is not finite."""
        values = {name: [float(each[name]) for each in pending] for name in pending[0]}
        for name, series in values.items():
            for offset, value in enumerate(series):
                if not math.isfinite(value):
                    at = step - len(series) + offset + 1
                    raise NonFiniteError(self._non_finite(f"{name} became {value} at step {at:,}"))
        return {name: float(np.mean(series)) for name, series in values.items()}

    def _rate(self, steps: int) -> float:
        """Images per second since the last line."""
        now = time.monotonic()
        elapsed, self._logged_at = now - self._logged_at, now
        return steps * self.task.batch_size / max(elapsed, 1e-9)

    def _checkpoint_is_due(self) -> bool:
        return time.monotonic() - self._saved_at >= self.config.checkpoint_seconds

    def _save(self, step: int) -> None:
        # A loss is of the weights before its step: the weights after it need their own look.
        for name, variables in self.task.state.items():
            for variable in variables:
                if variable.dtype.is_floating and not np.isfinite(variable.numpy()).all():
                    problem = f"{name} holds a value that is not finite after step {step:,}"
                    raise NonFiniteError(self._non_finite(problem))
        self._checkpoints.save(step, {"seconds": self.seconds})
        self._saved_at = time.monotonic()

    def _non_finite(self, problem: str) -> str:
        saved = self._checkpoints.steps()
        last = f"the checkpoint of step {saved[-1]:,} is kept" if saved else "nothing was saved yet"
        return f"{self.label}: {problem}; {last}. Lower the learning rate or the loss weights"

    def _sample(self, step: int) -> None:
        images = self.task.samples() if self.write_samples else None
        if images is not None:
            folder = self.folder / "samples"
            folder.mkdir(exist_ok=True)
            self.write_samples(folder / f"step-{step:09d}.png", images)


def _compile(task: Task, strategy: tf.distribute.Strategy) -> Callable:
    @tf.function
    def run_step(step: tf.Tensor, *batch) -> dict[str, tf.Tensor]:
        per_replica = strategy.run(task.train_step, args=(step, *batch))
        if strategy.num_replicas_in_sync == 1:
            return per_replica
        return {
            name: strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)
            for name, value in per_replica.items()
        }

    return run_step


def _note(metrics: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.3g}" for name, value in metrics.items())
