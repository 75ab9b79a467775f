"""`experiments.all`, killed at any moment: the same numbers, and no process is left behind."""

import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import commands
import pytest
from processes import children_of, is_running, pin
from test_all import SCRIPT
from test_command_line import TINY

# What shows that a run goes on.
TRACES = ("artifacts/*/STARTED.json", "artifacts/*/DONE.json", "results/*/report.json")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores can't be chosen here"),
]


def start(images: Path, workdir: Path, *arguments: str) -> commands.Process:
    process = commands.start(
        SCRIPT, "--setting=dcgan", "--dataset=folder",
        f"--data_dir={images}", f"--workdir={workdir}", *TINY, *arguments,
    )  # fmt: skip
    # The last bits depend on the number of threads: one core for each training.
    pin(process.pid, 2 if "--workers=2" in arguments else 1)
    return process


def finish(process: commands.Process) -> int:
    """Waits for a run; how many values it trained."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    begun = re.findall(r"^\[\d+/\d+\] .*  (\S+)$", out + err, re.MULTILINE)
    assert begun and len(begun) == len(set(begun))  # by one worker each
    return int(re.search(r"^trained (\d+) of 4,", out, re.MULTILINE)[1])


def kill_after_progress(process: commands.Process, workdir: Path, pause: float) -> None:
    """Kills a run some time after the first trace of it."""
    before = traces(workdir)
    wait_for(lambda: traces(workdir) > before or process.poll() is not None)
    time.sleep(pause)
    assert process.poll() is None, "it ended before it could be killed"
    process.kill()
    process.communicate()


def traces(workdir: Path) -> int:
    return sum(len(list(workdir.glob(pattern))) for pattern in TRACES)


def wait_for(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def digests(workdir: Path) -> dict[str, str]:
    """The digest of each trained state."""
    manifests = workdir.glob("artifacts/*/DONE.json")
    return {each.parent.name: json.loads(each.read_text())["state_sha256"] for each in manifests}


def tables(workdir: Path) -> dict[str, list[str | float]]:
    """The cells of all tables."""
    cells = {path: re.split("[,\n]", path.read_text()) for path in workdir.glob("results/*/*.csv")}
    return {
        str(path.relative_to(workdir)): [number_or_text(cell) for cell in found]
        for path, found in cells.items()
    }


def number_or_text(cell: str) -> str | float:
    try:
        return float(cell)
    except ValueError:
        return cell


def check_same(workdir: Path, unbroken: Path) -> None:
    """The same states to the bit, and the same tables.

    The process that measures has all cores, and the last bits of a distance depend on their number.
    """
    assert digests(workdir) == digests(unbroken) and len(digests(unbroken)) == 4
    ours, expected = tables(workdir), tables(unbroken)
    assert ours.keys() == expected.keys() and len(expected) > 4
    for name, cells in expected.items():
        assert ours[name] == [
            pytest.approx(cell, rel=1e-6) if isinstance(cell, float) else cell for cell in cells
        ], name


@pytest.fixture(scope="module")
def unbroken(images, tmp_path_factory) -> Path:
    """The workdir of an unbroken run."""
    workdir = tmp_path_factory.mktemp("unbroken")
    assert finish(start(images, workdir)) == 4
    return workdir


def test_killed_at_random_two_workers_end_in_the_numbers_of_one(images, unbroken, tmp_path):
    pause = random.Random(1).uniform(0, 0.3)
    kill_after_progress(start(images, tmp_path, "--workers=2"), tmp_path, pause)
    finish(start(images, tmp_path, "--workers=2"))
    check_same(tmp_path, unbroken)


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
def test_killed_it_leaves_no_process_of_a_setting_behind(tmp_path):
    command = [
        sys.executable, str(SCRIPT), f"--workdir={tmp_path}", *TINY, "--gan_epochs=100000"
    ]  # fmt: skip
    both = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: list(tmp_path.glob("artifacts/gan-*/metrics.jsonl")))
        (child,) = children_of(both)
    finally:
        both.kill()
        both.wait()
    wait_for(lambda: not is_running(child))
    # It was stopped in order, and far from the end.
    assert list(tmp_path.glob("artifacts/gan-*/checkpoints/step-*"))
    assert not list(tmp_path.glob("artifacts/gan-*/DONE.json"))
