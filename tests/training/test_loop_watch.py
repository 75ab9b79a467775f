"""What a training leaves while it runs: samples, checkpoints in time, speed; and what stops it."""

import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_training import BATCH, TinyTask, logged, make_loop

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training import loop as loop_module
from gan_knowledge_gaps.training import speed as speed_module
from gan_knowledge_gaps.training.loop import NonFiniteError
from gan_knowledge_gaps.training.metrics_log import read_metrics
from gan_knowledge_gaps.training.signals import Interrupted

STEP_SECONDS = 10.0


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until a task's step moves it."""
    clock = SimpleNamespace(now=1000.0, monotonic=lambda: clock.now)
    for module in (loop_module, speed_module):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture(autouse=True)
def _interrupt_raises():
    """Ctrl-C acts as in any Python program, also where tests run in the background."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


class TimedTask(TinyTask):
    """A tiny task whose every step takes STEP_SECONDS by the clock."""

    def __init__(self, clock, at=None):
        super().__init__(at=at)
        self.clock = clock

    def after_step(self, step):
        self.clock.now += STEP_SECONDS
        return super().after_step(step)


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def checkpoint_steps(folder) -> list[int]:
    return sorted(int(path.name[5:]) for path in folder.glob("checkpoints/step-*"))


def poisoned(step: int, value: float = float("nan")) -> TinyTask:
    """A task whose inputs are that value in the batch after `step` steps and later."""
    task = TinyTask()
    task.poison = lambda at: value if at >= step else 0.0
    return task


def test_samples_are_of_their_step(tmp_path):
    written = {}
    loop = make_loop(
        TinyTask(), 7, tmp_path, sample_every=3, log_every=2, write_samples=written.__setitem__
    )
    loop.run()
    folder = tmp_path / "samples"
    assert list(written) == [folder / "step-000000003.png", folder / "step-000000006.png"]
    assert folder.is_dir()
    assert [images.max() for images in written.values()] == [3, 6]


@pytest.mark.parametrize("every", [0, 1])
def test_no_samples_are_written_if_none_are_asked_for_or_the_task_has_none(
    tmp_path, monkeypatch, every
):
    if every:
        monkeypatch.setattr(TinyTask, "samples", lambda self: None)
    make_loop(TinyTask(), 2, tmp_path, sample_every=every, write_samples=pytest.fail).run()
    assert not (tmp_path / "samples").exists()


def test_seconds_are_those_of_all_processes(tmp_path, clock):
    loop = make_loop(TimedTask(clock, at={3: interrupt}), 7, tmp_path)
    with pytest.raises(Interrupted):
        loop.run()
    assert loop.seconds == 4 * STEP_SECONDS
    clock.now += 5000.0  # between the processes
    loop = make_loop(TimedTask(clock), 7, tmp_path)
    loop.run()
    assert loop.seconds == 7 * STEP_SECONDS


def test_the_speed_is_that_of_this_process(tmp_path, clock):
    with pytest.raises(Interrupted):
        make_loop(TimedTask(clock, at={1: interrupt}), 6, tmp_path).run()
    make_loop(TimedTask(clock), 6, tmp_path).run()
    speeds = [record["images_per_second"] for record in read_metrics(tmp_path / "metrics.jsonl")]
    assert speeds == [BATCH / STEP_SECONDS] * 2


def test_what_is_done_between_steps_is_no_part_of_the_speed(tmp_path, clock):
    def wait() -> None:
        clock.now += 1000.0

    make_loop(TimedTask(clock), 6, tmp_path, log_every=2, after={2: wait, 3: wait}).run()
    speeds = [record["images_per_second"] for record in read_metrics(tmp_path / "metrics.jsonl")]
    assert speeds == [BATCH / STEP_SECONDS] * 3


def test_checkpoints_keep_their_distance_in_time_and_come_with_a_line(tmp_path, clock):
    task = TimedTask(clock)
    make_loop(task, 11, tmp_path, log_every=2, checkpoint_seconds=25.0, keep_checkpoints=9).run()
    assert checkpoint_steps(tmp_path) == [4, 8, 11]


@pytest.mark.parametrize(("value", "name"), [(float("nan"), "nan"), (1e30, "inf")])
def test_a_loss_that_is_not_finite_is_named_with_its_step(tmp_path, value, name):
    with pytest.raises(NonFiniteError) as caught:
        make_loop(poisoned(4, value), 9, tmp_path).run()
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"tiny: loss became {name} at step 5; ")
    assert "the checkpoint of step 3 is kept" in line
    assert checkpoint_steps(tmp_path) == [3]
    assert [record["step"] for record in logged(tmp_path)] == [3]


def test_a_loss_that_is_not_finite_before_any_checkpoint_is_told_as_well(tmp_path):
    with pytest.raises(NonFiniteError, match="at step 1; nothing was saved yet"):
        make_loop(poisoned(0), 9, tmp_path).run()
    assert checkpoint_steps(tmp_path) == []


def test_no_signal_saves_a_loss_that_is_not_finite(tmp_path):
    task = poisoned(3)
    task.at[4] = interrupt
    with pytest.raises(NonFiniteError, match="loss became nan at step 4"):
        make_loop(task, 9, tmp_path).run()
    assert checkpoint_steps(tmp_path) == [3]


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_a_variable_that_is_not_finite_is_not_saved(tmp_path, value):
    # The losses are finite: an update can spoil a variable that only the next step would use.
    task = TinyTask()
    task.at[4] = lambda: task.spare.assign([0.0, value])
    with pytest.raises(NonFiniteError, match="spare holds a value that is not finite after step 6"):
        make_loop(task, 9, tmp_path).run()
    assert checkpoint_steps(tmp_path) == [3]
    assert [record["step"] for record in logged(tmp_path)] == [3, 6]


def test_a_failed_run_leaves_signals_and_the_metrics_file_in_order(tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(NonFiniteError):
        make_loop(poisoned(4), 9, tmp_path).run()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    # It is an InputError: the user can put it right, and reads one line.
    assert issubclass(NonFiniteError, InputError)


def test_a_batch_that_replicas_cannot_share_is_an_error_at_once(tmp_path):
    strategy = SimpleNamespace(num_replicas_in_sync=3)
    with pytest.raises(InputError, match="batch size 4 cannot be split over 3 replicas"):
        make_loop(TinyTask(), 2, tmp_path, strategy=strategy)
