"""`experiments.all`, killed at any moment or started twice: the numbers of an unbroken run."""

import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_all import SCRIPT
from test_command_line import TINY

KILLS = 4


def start(images: Path, workdir: Path, *arguments: str) -> subprocess.Popen:
    command = [
        sys.executable, str(SCRIPT), "--setting=dcgan", "--dataset=folder",
        f"--data_dir={images}", f"--workdir={workdir}", *TINY, *arguments,
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> int:
    """Waits for a run; how many values it trained."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return int(re.search(r"^trained (\d+) of 4,", out, re.MULTILINE)[1])


def numbers(workdir: Path) -> dict[str, str]:
    """All tables of a workdir, and the digests of all trained states."""
    found = {str(path.relative_to(workdir)): path.read_text() for path in workdir.rglob("*.csv")}
    for manifest in workdir.glob("artifacts/*/DONE.json"):
        found[manifest.parent.name] = json.loads(manifest.read_text())["state_sha256"]
    return found


@pytest.fixture(scope="module")
def unbroken(images, tmp_path_factory) -> tuple[dict[str, str], float]:
    """The numbers of an unbroken run, and the seconds that it took."""
    workdir, started = tmp_path_factory.mktemp("unbroken"), time.monotonic()
    assert finish(start(images, workdir)) == 4
    found = numbers(workdir)
    assert len([name for name in found if name.endswith(".csv")]) > 4
    return found, time.monotonic() - started


@pytest.mark.parametrize("arguments", [(), ("--workers=2",)])
def test_killed_at_random_it_ends_in_the_same_numbers(images, unbroken, tmp_path, arguments):
    expected, seconds = unbroken
    chance = random.Random(len(arguments))
    killed = 0
    for _ in range(KILLS):
        process = start(images, tmp_path, *arguments)
        try:
            process.communicate(timeout=chance.uniform(0.3, 0.9) * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            killed += 1
    assert killed
    finish(start(images, tmp_path, *arguments))
    assert numbers(tmp_path) == expected


def test_two_side_by_side_train_nothing_twice(images, unbroken, tmp_path):
    both = [start(images, tmp_path) for _ in range(2)]
    assert sum(finish(each) for each in both) == 4
    assert numbers(tmp_path) == unbroken[0]


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes are found in /proc")
def test_killed_it_leaves_no_process_of_a_setting_behind(tmp_path):
    command = [sys.executable, str(SCRIPT), f"--workdir={tmp_path}", *TINY]
    both = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: list(tmp_path.glob("artifacts/*/STARTED.json")))
    (child,) = Path(f"/proc/{both.pid}/task/{both.pid}/children").read_text().split()
    both.kill()
    both.wait()
    wait_for(lambda: not running(child))


def wait_for(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def running(process: str) -> bool:
    """Whether there is such a process; one that only nobody has waited for is none."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
