"""Trainings side by side: processes that share an experiment's work through its workdir.

There is no scheduler. Every worker is this command once more; it trains whatever is ready and not
locked by another, until nothing is missing. On CPUs, two trainings on a core each finish sooner
than one after the other on two cores: a small network's step leaves the second core idle.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from training.invocation import program
from training.progress import say
from training.signals import Interrupted, stop_request

POLL_SECONDS = 0.2
AS_WORKER = "--as_worker"


def train_side_by_side(count: int) -> None:
    """Runs `count` workers on an equal share of this process's cores each, until they are done.

    Raises:
        Interrupted: SIGINT or SIGTERM came; the workers have saved their checkpoints.
        SystemExit: a worker failed; it has said why, and the others have saved theirs.
    """
    with stop_request() as stop, _started(count) as workers:
        while True:
            codes = [worker.poll() for worker in workers]
            if stop or any(codes) or None not in codes:
                break
            time.sleep(POLL_SECONDS)
    if stop:
        raise Interrupted(stop.number)
    if any(codes):
        sys.exit(next(filter(None, codes)))


@contextmanager
def _started(count: int) -> Iterator[list[subprocess.Popen]]:
    """Worker processes, which are asked to stop, and waited for, on the way out."""
    command = [sys.executable, *program(), *sys.argv[1:], AS_WORKER]
    workers, relays = [], []
    try:
        for index in range(count):
            # A session of its own: Ctrl-C reaches this process, which stops its workers in order.
            worker = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, errors="replace", start_new_session=True,
            )  # fmt: skip
            workers.append(worker)
            _pin(worker.pid, index, count)
            relays.append(threading.Thread(target=_relay, args=(worker,), daemon=True))
            relays[-1].start()
        yield workers
    finally:
        for worker in workers:
            worker.stdin.close()  # They watch it: see `stop_with_parent`.
        for worker, relay in zip(workers, relays, strict=True):
            worker.wait()
            relay.join()


def _pin(process: int, index: int, count: int) -> None:
    """Gives a process its share of the cores, before TensorFlow counts them for its threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process, share_of_cores(index, count))


def share_of_cores(index: int, count: int) -> list[int]:
    """The cores of part `index` of `count` of this process's cores; at least one."""
    cores = sorted(os.sched_getaffinity(0))
    first, end = index * len(cores) // count, (index + 1) * len(cores) // count
    return cores[first : max(end, first + 1)]


def _relay(worker: subprocess.Popen) -> None:
    for line in worker.stdout:
        say(line.rstrip("\n"))


def stop_with_parent() -> None:
    """In a worker: has this process stop, as by SIGTERM, when the one that started it ends.

    The pipe on standard input ends with the parent however that dies, kill -9 included.
    """

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
