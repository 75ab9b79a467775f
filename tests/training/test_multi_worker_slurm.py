"""Tasks of a real Slurm's step, which this test starts, find each other and train together.

GAPS_SLURM=1 python -m pytest tests/training/test_multi_worker_slurm.py
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from slurm import cluster

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("one_of_two.py")


def reason_to_skip() -> str | None:
    if not os.environ.get("GAPS_SLURM"):
        return "set GAPS_SLURM=1 to start a Slurm and train on it"
    return cluster.reason_to_skip()


pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(reason_to_skip() is not None, reason=str(reason_to_skip())),
]


@pytest.fixture(scope="module", autouse=True)
def slurm():
    with cluster.running():
        yield


def step(folder: Path, *killed: object) -> subprocess.CompletedProcess:
    """Trains in a step of two tasks, of which one may kill itself: its number, and when."""
    command = [sys.executable, SCRIPT, folder, "train", *killed]
    return subprocess.run(
        ["srun", "--ntasks=2", "--kill-on-bad-exit=1", "--label", *map(str, command)],
        capture_output=True, text=True, timeout=300, check=False,
        env=os.environ | {"TF_CONFIG": "slurm", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_tasks_train_together_and_resume_to_the_same_bits(tmp_path):
    unbroken = step(tmp_path / "unbroken")
    assert unbroken.returncode == 0, unbroken.stderr
    (chief, other) = sorted(unbroken.stdout.splitlines())
    assert chief.removeprefix("0: ") == other.removeprefix("1: ")
    assert step(tmp_path / "killed", 1, 7).returncode != 0
    resumed = step(tmp_path / "killed")
    assert "0: resuming at step 6" in resumed.stderr
    assert sorted(resumed.stdout.splitlines()) == [chief, other]
