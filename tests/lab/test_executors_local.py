"""The local executor: one experiment's trainings in several processes.

That they end in the bits of one process: tests/experiments/test_all_killed.py.
"""

import os
import signal
import time
from pathlib import Path

import commands
import pytest
from processes import children_of, is_running

pytestmark = pytest.mark.long

TINY = (
    "--dataset=folder", "--gan_width=0.0625", "--gan_batch_size=8", "--classifier_epochs=1",
    "--classifier_batch_size=8", "--experiment_largest_pool=2", "--experiment_held_out_gans=1",
    "--experiment_classifiers=1",
)  # fmt: skip


def start(images: Path, workdir: Path, *arguments: str) -> commands.Process:
    return commands.start(
        "-m", "experiments.generalization", f"--data_dir={images}", f"--workdir={workdir}", *TINY,
        *arguments,
    )  # fmt: skip


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_no_worker_outlives_the_command(images, tmp_path, number, code):
    process = start(images, tmp_path, "--workers=2", "--gan_epochs=100000")
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("artifacts/*/metrics.jsonl"))) < 2:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    workers = children_of(process)
    assert len(workers) == 2
    os.kill(process.pid, number)
    _, lines = process.communicate(timeout=60)
    assert process.returncode == code
    while any(map(is_running, workers)):
        assert time.monotonic() < deadline + 60
        time.sleep(0.1)
    assert len(list(tmp_path.glob("artifacts/*/checkpoints/step-*"))) == 2  # Stopped in order.
    assert "Traceback" not in lines


def test_a_failing_worker_stops_the_command(images, tmp_path):
    process = start(images, tmp_path, "--workers=2", "--gan_generator_learning_rate=1e38")
    _, lines = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "error: " in lines and "Traceback" not in lines
