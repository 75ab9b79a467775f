"""The training loop of GANs and classifiers."""

import contextlib
import dataclasses
import hashlib
import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.ahead import ahead
from gan_knowledge_gaps.training.checkpoints import Checkpoints, DamagedCheckpointError
from gan_knowledge_gaps.training.compiling import RunStep, compile_step
from gan_knowledge_gaps.training.digests import state_digest
from gan_knowledge_gaps.training.distribution import check_batch_size, distribute
from gan_knowledge_gaps.training.metrics_log import MetricsLog
from gan_knowledge_gaps.training.profiling import Profile
from gan_knowledge_gaps.training.progress import Progress, say
from gan_knowledge_gaps.training.run_folder import identify, identity
from gan_knowledge_gaps.training.signals import SIGNALS, Interrupted, StopRequest, stop_request
from gan_knowledge_gaps.training.speed import Speed
from gan_knowledge_gaps.training.task import Task
from gan_knowledge_gaps.training.workers import Workers


@dataclasses.dataclass(frozen=True)
class LoopConfig:
    """How a training is watched and saved; none of it changes what is trained.

    Attributes:
        log_every: steps between two lines of metrics.
        sample_every: steps between two grids of samples; 0 for none.
        checkpoint_seconds: least time between two checkpoints.
        keep_checkpoints: how many of the newest checkpoints to keep.
        profile: steps to trace for TensorBoard, into `profile/`, once they are compiled.

    Example:
        >>> from gan_knowledge_gaps.training.loop import LoopConfig
        >>> LoopConfig(log_every=10, checkpoint_seconds=600).keep_checkpoints
        2
    """

    log_every: int = 50
    sample_every: int = 2000
    checkpoint_seconds: float = 60.0
    keep_checkpoints: int = 2
    profile: int = 0


class NonFiniteError(InputError):
    """A loss or a variable became NaN or infinite."""


class Loop:
    """Trains a task for a number of steps, or until it is done, resuming where it was left off.

    Of several workers, only the chief writes and prints; all of them read its checkpoints, so that
    they need the same folder.

    Args:
        task: what to train. Built inside `strategy.scope()`.
        steps: number of steps in all, at most.
        folder: the training's folder: `checkpoints/`, `metrics.jsonl`, `samples/`.
        label: what progress lines call it.
        strategy: the strategy that the task was built in.
        config: how it is watched and saved.
        write_samples: called with (path of a PNG file, uint8 [N, H, W, C]) for each grid.
        watch: called with (step, metrics) for each line of metrics.
        after: what to call when so many steps are done, before a checkpoint says so; a training
            that was killed may call it again.
        measure: metrics of the model as it is, for each step with a grid and each of `after`.
        run_step: of `compile_step`, where the task's step has been compiled already.

    Attributes:
        seconds: time spent training so far, by all processes that worked on it.
        done: steps that were made, by all of them, once it has run.

    Example:
        >>> from pathlib import Path
        >>> from gan_knowledge_gaps.classifiers import DigitConfig, DigitTask
        >>> from gan_knowledge_gaps.data import load
        >>> from gan_knowledge_gaps.training.loop import Loop
        >>> digits = load("digits")
        >>> task = DigitTask(DigitConfig(), digits.train, digits.train_labels, seed=0)
        >>> loop = Loop(task, steps=3, folder=Path("runs/digits"), label="digits")
        >>> metrics = loop.run()
        >>> sorted(path.name for path in Path("runs/digits/checkpoints").iterdir())
        ['step-000000003']
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
        watch: Callable[[int, dict[str, float]], None] | None = None,
        after: Mapping[int, Callable[[], None]] | None = None,
        measure: Callable[[], dict[str, float]] | None = None,
        run_step: RunStep | None = None,
    ):
        self.task, self.steps, self.folder, self.label = task, steps, folder, label
        self.strategy = strategy or tf.distribute.get_strategy()
        self.config = config or LoopConfig()
        self.write_samples, self.watch, self.after = write_samples, watch, dict(after or {})
        self.measure = measure
        check_batch_size(task.batch_size, self.strategy)
        self._workers = Workers(self.strategy)
        self._run_step = run_step or compile_step(task, self.strategy)
        self._checkpoints = Checkpoints(
            folder / "checkpoints", task.state, self.config.keep_checkpoints
        )
        self.seconds, self.done = 0.0, 0
        self._metrics: dict[str, float] = {}  # of the last line logged
        self._measured: dict[str, float] = {}  # at the last snapshot
        self._pending: list[dict[str, tf.Tensor | float]] = []  # of each step since that line

    def run(self) -> dict[str, float]:
        """Trains to the last step, or until the task is done.

        Returns:
            The metrics of the last line logged.

        Raises:
            Interrupted: SIGINT or SIGTERM came, to any of the workers; a checkpoint of the last
                whole step is saved.
            NonFiniteError: a loss became NaN or infinite; the last good checkpoint stays.
            InputError: there are checkpoints, and none of them is intact and of this training; or
                the workers differ in what they train.
        """
        if self._workers.is_chief:
            self.folder.mkdir(parents=True, exist_ok=True)
        self.done = step = self._resume()
        self._check_workers(step)
        with (
            stop_request() as stop,
            self._open_log(step) as log,
            Progress(self.label, self.steps, start=step) as progress,
            contextlib.closing(ahead(self._batches(step))) as batches,
            self._open_profile() as profile,
        ):
            try:
                self._train(step, batches, profile, stop, log, progress)
            except NonFiniteError:  # which all workers raise
                self._workers.part()
                raise
        # Only here, where signals act as they did before: a signal in the last step counts too.
        signal_number = self._look(stop, self.steps)[0]
        self._workers.part()
        if signal_number is not None:
            raise Interrupted(signal_number)
        return self._metrics

    def _open_log(self, step: int) -> contextlib.AbstractContextManager[MetricsLog | None]:
        """The chief's log; None in other workers."""
        if not self._workers.is_chief:
            return contextlib.nullcontext()
        return MetricsLog(self.folder, step)

    def _open_profile(self) -> Profile:
        count = self.config.profile if self._workers.is_chief else 0
        return Profile(self.folder, self.label, count, self.steps, self.task.parts)

    def _restore(self) -> int | None:
        """Restores the newest checkpoint that the chief can use; its step, None for none."""
        if self._workers.is_chief:
            known = self._checkpoints.run = identity(self.folder)
            step = self._checkpoints.restore_newest()
            self._name_run(known, step)
            self._workers.of_chief(-1 if step is None else step)
            return step
        step = self._workers.of_chief(0)
        if step < 0:
            return None
        self._checkpoints.run = identity(self.folder)  # the chief may just have given it
        try:
            self._checkpoints.restore(step)
        except DamagedCheckpointError as error:
            raise InputError(
                f"this worker cannot use {self._checkpoints.path(step)}: {error}; "
                "all workers need the same folder"
            ) from error
        return step

    def _name_run(self, known: str | None, step: int | None) -> None:
        """Gives the run a name where it has none: that of the checkpoint which it goes on from."""
        theirs = None if step is None else self._checkpoints.run_of(step)
        if step is not None and None in (known, theirs):
            say(f"{self._checkpoints.path(step)} is taken as this run's: nothing names its run")
        self._checkpoints.run = known or identify(self.folder, theirs)

    def _check_workers(self, step: int) -> None:
        """All workers begin with the same variables and the same batch."""
        if self._workers.count > 1:
            batch = self.task.batch(step) if step < self.steps else ()
            parts = [hashlib.sha256(np.ascontiguousarray(each).data).hexdigest() for each in batch]
            same = [self.steps, state_digest(self.task.state, step), *parts]
            self._workers.check_same(repr(same).encode(), "settings, variables or images")

    def _resume(self) -> int:
        step = self._restore()
        if step is None:
            log = self.folder / "metrics.jsonl"
            if log.exists() and log.stat().st_size:
                say(f"{self.label}: no checkpoint was saved yet; starting again at step 0")
            step, note = 0, {}
        else:
            note = self._checkpoints.note(step)
        if step > self.steps:
            raise InputError(
                f"{self.folder} holds a training of {step:,} steps, more than the {self.steps:,} "
                "asked for; delete that folder to train again from the start"
            )
        self.seconds = note.get("seconds", 0.0)
        self._metrics, self._pending = note.get("metrics", {}), note.get("pending", [])
        self._measured = note.get("measured", {})
        return step

    def _batches(self, step: int) -> Iterator[tuple]:
        """The batches of all steps from one on, as replicas take them."""
        for each in range(step, self.steps):
            yield distribute(self.strategy, self.task.batch(each))

    def _train(
        self,
        step: int,
        batches: Iterator[tuple],
        profile: Profile,
        stop: StopRequest,
        log: MetricsLog | None,
        progress: Progress,
    ) -> None:
        started = self._saved_at = time.monotonic()
        self._speed = Speed(self.task.batch_size, step)
        seconds_before = self.seconds
        signal_number, last = None, self._look(stop, step)[1]
        while signal_number is None and not last:
            with profile.step(step):
                self._pending.append(self._run_step(step, next(batches)))
            step += 1
            self._pending[-1] = self._pending[-1] | self.task.after_step(step) | self._measure(step)
            self._speed.made(step)
            # One look at each step, so that all of it agrees on whether it is the last.
            signal_number, last, due = self._look(stop, step)
            if last or step % self.config.log_every == 0:
                self._log(step, log)
            progress.advance(note=_note(self._metrics | self._measured))
            with self._speed.pause():
                if self._has_grid(step):
                    self._sample(step)
                if step in self.after and self._workers.is_chief:
                    self.after[step]()
            self.seconds = seconds_before + time.monotonic() - started
            if last or signal_number is not None or due:
                self._save(step)
        self.done = step
        if signal_number is not None:
            say(f"{self.label}: stopped at step {step:,} of {self.steps:,}, checkpoint saved")

    def _has_grid(self, step: int) -> bool:
        return self.config.sample_every > 0 and step % self.config.sample_every == 0

    def _measure(self, step: int) -> dict[str, float]:
        """What is measured of the model after a step, by the chief; usually nothing."""
        due = self._has_grid(step) or step in self.after
        if self.measure is None or not due or not self._workers.is_chief:
            return {}
        with self._speed.pause():
            self._measured = self.measure()
        return self._measured

    def _look(self, stop: StopRequest, step: int) -> tuple[int | None, bool, bool]:
        """What all workers do after a step.

        Returns:
            The signal to stop for, which any of them may have got, or None; whether the step is the
            last, and whether a checkpoint is due, which the chief says.
        """
        last = step == self.steps or self.task.is_done()
        logged = last or step % self.config.log_every == 0
        due = logged and self._checkpoint_is_due()
        *came, last, due = self._workers.any(
            *(stop.number == number for number in SIGNALS),
            self._workers.is_chief and last,
            self._workers.is_chief and due,
        )
        return next(itertools.compress(SIGNALS, came), None), last, due

    def _log(self, step: int, log: MetricsLog | None) -> None:
        """Writes the mean of each metric since the last line."""
        # Reading the metrics waits for the device: once per line, not once per step.
        pending = self._finite_pending(step)
        names = dict.fromkeys(name for each in pending for name in each)
        self._metrics = {
            # Not every step has every metric.
            name: float(np.mean([each[name] for each in pending if name in each]))
            for name in names
        }
        line = {**self._metrics, "images_per_second": self._speed.take(step)}
        if log is not None:
            log.write(step, line)
        if self.watch is not None and self._workers.is_chief:
            self.watch(step, line)
        self._pending = []

    def _finite_pending(self, step: int) -> list[dict[str, float]]:
        """The metrics of each step since the last line; raises at the first not finite."""
        pending = [{name: float(value) for name, value in each.items()} for each in self._pending]
        for at, each in enumerate(pending, start=step - len(pending) + 1):
            for name, value in each.items():
                if not math.isfinite(value):
                    raise NonFiniteError(self._non_finite(f"{name} became {value} at step {at:,}"))
        return pending

    def _checkpoint_is_due(self) -> bool:
        return time.monotonic() - self._saved_at >= self.config.checkpoint_seconds

    def _save(self, step: int) -> None:
        # With what the next line is made of, it reads as if nothing had happened in between.
        note = {
            "seconds": self.seconds,
            "metrics": self._metrics,
            "pending": self._finite_pending(step),
            **({"measured": self._measured} if self._measured else {}),
        }
        # A loss is of the weights before its step: the weights after it need their own look.
        for name, variables in self.task.state.items():
            for variable in variables:
                if variable.dtype.is_floating and not np.isfinite(variable.numpy()).all():
                    problem = f"{name} holds a value that is not finite after step {step:,}"
                    raise NonFiniteError(self._non_finite(problem))
        if self._workers.is_chief:
            self._checkpoints.save(step, note)
        self._saved_at = time.monotonic()

    def _non_finite(self, problem: str) -> str:
        saved = self._checkpoints.steps()
        last = f"the checkpoint of step {saved[-1]:,} is kept" if saved else "nothing was saved yet"
        return f"{self.label}: {problem}; {last}. Lower the learning rate or the loss weights"

    def _sample(self, step: int) -> None:
        if self.write_samples is None or not self._workers.is_chief:
            return
        images = self.task.samples()
        if images is not None:
            folder = self.folder / "samples"
            folder.mkdir(exist_ok=True)
            self.write_samples(folder / f"step-{step:09d}.png", images)


def _note(metrics: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.3g}" for name, value in metrics.items())
