"""Killed at random moments and resumed, a training ends in the unbroken one's state, bit for bit.

The digest covers all variables, optimizer slots and the step, which is the data position.

The moments are drawn from a seed, another in every run. A test that fails shows it among what was
printed: "KILL_SEED=123 repeats this". With that variable in the environment it draws the same.
"""

import os
import random
import time
from pathlib import Path

import commands
import pytest

pytestmark = pytest.mark.long

SCRIPT = Path(__file__).with_name("train.py")
STEPS = 60
# Where building the graphs takes longer than all of the steps, once.
KILLS = {"gan": 2, "detector": 1, "attributor": 1, "stylegan2": 1}


def start(kind: str, folder: Path) -> commands.Process:
    """Starts, or resumes, a training."""
    return commands.start(SCRIPT, kind, folder, STEPS, 0)


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
        assert process.poll() is None, process.said()
        time.sleep(0.01)
    time.sleep(delay)
    process.kill()
    process.communicate()


@pytest.mark.parametrize("kind", list(KILLS))
def test_killed_and_resumed_equals_unbroken(kind, tmp_path):
    seed = int(os.environ.get("KILL_SEED", time.time_ns()))
    print(f"KILL_SEED={seed} repeats this")
    unbroken, _ = finish(kind, tmp_path / "unbroken")
    chance = random.Random(seed)
    steps = sorted(chance.sample(range(2, STEPS - 5), KILLS[kind]))
    for step in steps:
        kill_once_at(kind, tmp_path / "killed", step, chance.uniform(0, 0.05))
    resumed, said = finish(kind, tmp_path / "killed")
    assert "resuming at step" in said
    assert resumed == unbroken
