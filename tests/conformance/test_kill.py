"""Killed at random moments and resumed, a training ends in the unbroken one's state, bit for bit.

The digest covers all variables, optimizer slots and the step, which is the data position.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("train.py")
STEPS = 60
# Where building the graphs takes longer than all of the steps, once.
KILLS = {"gan": 3, "classifier": 3, "detector": 1, "stylegan2": 1}


def start(kind: str, folder: Path) -> subprocess.Popen:
    """Starts, or resumes, a training."""
    command = [sys.executable, str(SCRIPT), kind, str(folder), str(STEPS), "0"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(kind: str, folder: Path) -> tuple[str, str]:
    """Trains to the end; the digest of the state, and what was said on the way."""
    out, err = start(kind, folder).communicate(timeout=300)
    assert out, err
    return out.strip(), err


def lines(folder: Path) -> int:
    """Steps that the metrics file tells of."""
    path = folder / "metrics.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def kill_once_at(kind: str, folder: Path, step: int, delay: float) -> None:
    """Kills the training `delay` seconds after it logs a step, most likely inside a save."""
    process = start(kind, folder)
    while lines(folder) < step:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.002)
    time.sleep(delay)
    process.kill()
    process.communicate()


@pytest.mark.parametrize("kind", list(KILLS))
def test_killed_and_resumed_equals_unbroken(kind, tmp_path):
    unbroken, _ = finish(kind, tmp_path / "unbroken")
    seed = int(os.environ.get("KILL_SEED", time.time_ns()))
    chance = random.Random(seed)
    steps = sorted(chance.sample(range(2, STEPS - 5), KILLS[kind]))
    for step in steps:
        kill_once_at(kind, tmp_path / "killed", step, chance.uniform(0, 0.05))
    resumed, said = finish(kind, tmp_path / "killed")
    assert "resuming at step" in said
    assert resumed == unbroken, f"KILL_SEED={seed} repeats this"
