"""The loop reads batches ahead: the same bits, errors at their turn, no thread left behind."""

import os
import signal
import sys
import threading
import time

import pytest
from tiny_training import TinyTask, digest, logged, make_loop

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training import loop as loop_module
from gan_knowledge_gaps.training.signals import Interrupted

STEPS = 8


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = {thread for thread in threading.enumerate() if thread.name.startswith("ahead")}
    yield
    assert before == {each for each in threading.enumerate() if each.name.startswith("ahead")}


class Reading(TinyTask):
    """Knows how many batches were read beside those of the steps done, and fails at one."""

    def __init__(self, failing: int | None = None, done_at: int | None = None):
        super().__init__()
        self.failing, self.done_at = failing, done_at
        self.most_ahead, self.threads = 0, set()

    def batch(self, step):
        self.threads.add(threading.current_thread().name.partition("_")[0])
        if step == self.failing:
            raise InputError(f"batch {step} is damaged")
        return super().batch(step)

    def after_step(self, step):
        self.most_ahead = max(self.most_ahead, len(self.asked) - step)
        return {}

    def is_done(self):
        return self.done_at == self.steps_done

    @property
    def steps_done(self) -> int:
        return int(self.optimizer.iterations.numpy())


def test_the_same_bits_and_metrics_as_without_reading_ahead(tmp_path, monkeypatch):
    task = Reading()
    result = make_loop(task, STEPS, tmp_path / "ahead").run()
    assert task.threads == {"ahead"}
    monkeypatch.setattr(loop_module, "ahead", lambda items: (item for item in items))
    in_line = Reading()
    assert make_loop(in_line, STEPS, tmp_path / "in line").run() == result
    assert in_line.threads == {"MainThread"}
    assert digest(task, STEPS) == digest(in_line, STEPS)
    assert logged(tmp_path / "ahead") == logged(tmp_path / "in line")


def test_two_batches_ahead_at_most_and_none_behind_the_last_step(tmp_path):
    task = Reading()
    make_loop(task, STEPS, tmp_path).run()
    assert task.asked == list(range(STEPS))
    assert task.most_ahead <= 2
    again = Reading()
    make_loop(again, STEPS, tmp_path).run()
    assert again.asked == []


def test_a_batch_that_cannot_be_read_ends_the_training_at_its_step(tmp_path):
    task = Reading(failing=5)
    with pytest.raises(InputError, match="batch 5 is damaged"):
        make_loop(task, STEPS, tmp_path).run()
    assert task.steps_done == 5
    # As if it were read in line: the line and the checkpoint of step 3 are there.
    assert [line["step"] for line in logged(tmp_path)] == [3]
    assert [path.name for path in tmp_path.glob("checkpoints/*")] == ["step-000000003"]


def test_a_training_that_is_done_early_waits_for_no_more_batches(tmp_path):
    task = Reading(done_at=2)
    make_loop(task, STEPS, tmp_path).run()
    assert task.steps_done == 2
    assert len(task.asked) <= 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_batch_is_being_read_stops_after_its_step(tmp_path, number):
    task = TinyTask()
    read = task.batch

    def batch(step):
        if step == 2:
            os.kill(os.getpid(), number)
        return read(step)

    task.batch = batch
    with pytest.raises(Interrupted) as caught:
        make_loop(task, 1000, tmp_path).run()
    assert caught.value.number == number
    # Some step before the batch was due, or the step that uses it.
    assert 1 <= int(task.optimizer.iterations.numpy()) <= 4
    assert len(list(tmp_path.glob("checkpoints/step-*"))) >= 1


def until(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.001)


def main_thread_waits() -> bool:
    frame = sys._current_frames()[threading.main_thread().ident]
    return frame.f_code.co_filename == threading.__file__


def test_a_second_ctrl_c_reaches_a_loop_that_waits_for_a_batch(tmp_path):
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    task = TinyTask()
    read = task.batch

    def batch(step):
        if step == 4:
            until(lambda: int(task.optimizer.iterations.numpy()) == 4 and main_thread_waits())
            os.kill(os.getpid(), signal.SIGINT)
            until(lambda: signal.getsignal(signal.SIGINT) is signal.default_int_handler)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
        return read(step)

    task.batch = batch
    try:
        with pytest.raises(KeyboardInterrupt):
            make_loop(task, STEPS, tmp_path, log_every=99).run()
    finally:
        signal.signal(signal.SIGINT, previous)
    assert int(task.optimizer.iterations.numpy()) == 4
    assert not list(tmp_path.glob("checkpoints/step-*"))


def test_an_error_in_a_step_leaves_no_thread(tmp_path):
    task = TinyTask(at={3: lambda: 1 // 0})
    with pytest.raises(ZeroDivisionError):
        make_loop(task, STEPS, tmp_path).run()
