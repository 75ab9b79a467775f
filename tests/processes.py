"""Processes that a command has started."""

import itertools
import os
import subprocess
from pathlib import Path

_TURN = itertools.count(os.getpid())


def pin(process: int, count: int) -> None:
    """Gives a process so many cores, others than those of the one before it."""
    cores, first = sorted(os.sched_getaffinity(0)), next(_TURN)
    os.sched_setaffinity(process, {cores[(first + n) % len(cores)] for n in range(count)})


def children_of(process: subprocess.Popen) -> list[int]:
    """The processes that a running one has started."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True
    )
    return [int(line) for line in listed.stdout.split()]


def is_running(process: int) -> bool:
    """Whether a process is there, and not only its exit code."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
