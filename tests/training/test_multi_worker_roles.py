"""What one process does for its part: alone, as the chief, as another worker, and at its end."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tiny_training import TinyTask, make_loop

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training import progress
from gan_knowledge_gaps.training.exiting import WORKER_LOST, exit_with
from gan_knowledge_gaps.training.progress import Progress, mute, say
from gan_knowledge_gaps.training.workers import Workers, is_loss

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "strategy", [tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0"])]
)
def test_one_process_is_the_chief_and_agrees_with_itself(strategy):
    workers = Workers(strategy)
    assert (workers.count, workers.is_chief) == (1, True)
    assert workers.any(True, False) == [True, False]
    assert workers.of_chief(-1) == -1
    workers.check_same(b"anything", "things")
    workers.part()


class Other(Workers):
    """Another worker than the chief, which has done so many steps."""

    def __init__(self, chiefs: int):
        super().__init__(tf.distribute.get_strategy())
        self.chiefs, self.is_chief = chiefs, False

    def of_chief(self, number: int) -> int:
        return self.chiefs

    def any(self, *mine: bool) -> list[bool]:
        assert not any(mine[-2:])  # The end and the checkpoints are the chief's to say.
        return [False] * (len(mine) - 2) + [True, False]


def other_loop(folder: Path, chiefs: int):
    loop = make_loop(TinyTask(), 6, folder)
    loop._workers = Other(chiefs)
    return loop


def test_another_worker_restores_the_chiefs_step_and_not_the_newest(tmp_path):
    make_loop(TinyTask(), 6, tmp_path).run()
    before = files(tmp_path)
    loop = other_loop(tmp_path, 3)
    loop.run()
    assert files(tmp_path) == before
    theirs = tf.train.load_checkpoint(str(tmp_path / "checkpoints" / "step-000000003" / "state"))
    for name, variables in loop.task.state.items():
        for index, variable in enumerate(variables):
            tensor = theirs.get_tensor(f"{name}/{index}/.ATTRIBUTES/VARIABLE_VALUE")
            np.testing.assert_array_equal(variable.numpy(), tensor)
    assert loop.task.optimizer.iterations.numpy() == 3


def files(folder: Path) -> dict[Path, int]:
    """All files and folders, with the times of their last change."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_another_worker_that_sees_another_folder_says_so(tmp_path):
    with pytest.raises(InputError, match="all workers need the same folder"):
        other_loop(tmp_path / "elsewhere", 3).run()
    assert list(tmp_path.iterdir()) == []


def test_another_worker_begins_where_the_chief_does(tmp_path):
    loop = other_loop(tmp_path / "new", -1)
    loop.run()
    assert loop.task.asked == []  # The chief said that it was over.
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_mute_says_nothing(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_muted", False)
    monkeypatch.setattr(progress, "PLAIN_LINE_SECONDS", 0.0)
    say("before")
    mute()
    say("after")
    with Progress("work", 3) as bar:
        bar.advance()
    assert capsys.readouterr().err == "before\n"


@pytest.mark.parametrize(
    ("error", "loss"),
    [
        (tf.errors.UnavailableError(None, None, "Socket closed"), True),
        (tf.errors.DeadlineExceededError(None, None, "Heartbeat"), True),
        (tf.errors.InvalidArgumentError(None, None, "a shape"), False),
        (tf.errors.ResourceExhaustedError(None, None, "memory"), False),
        (OSError("a file"), False),
    ],
)
def test_what_tells_of_a_lost_worker(error, loss):
    assert is_loss(error) == loss


def ended(command: str, tf_config: str) -> subprocess.CompletedProcess:
    """A process that leaves a command, and would tell of its regular end."""
    script = (
        "import atexit, sys; from gan_knowledge_gaps.training.exiting import exit_with\n"
        "atexit.register(print, 'shut down')\n"
        f"def command():\n    print('said');\n    {command}\n"
        "exit_with(command)"
    )
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CONFIG": tf_config},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("return 0", 0),
        ("return 143", 143),
        ("sys.exit(2)", 2),
        ("1 / 0", 1),
        ("raise KeyboardInterrupt", 130),
    ],
)
def test_one_of_several_ends_without_a_shutdown(command, code):
    process = ended(command, "slurm")
    assert (process.returncode, process.stdout) == (code, "said\n")
    assert ("ZeroDivisionError: division by zero" in process.stderr) == (command == "1 / 0")


def test_one_alone_ends_as_any_process():
    process = ended("return 7", "")
    assert (process.returncode, process.stdout) == (7, "said\nshut down\n")


def test_the_loss_of_a_worker_is_one_line(monkeypatch, capsys):
    monkeypatch.setenv("TF_CONFIG", "slurm")
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)

    def command() -> int:
        raise tf.errors.UnavailableError(None, None, "Collective ops is aborted\nby: Socket closed")

    exit_with(command)
    assert codes == [WORKER_LOST]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: another worker has ended or cannot be reached")
