"""Trainings side by side: processes that share an experiment's work through its workdir.

There is no scheduler. Every worker is this command once more; it trains whatever is ready and not
locked by another, until nothing is missing. On CPUs, two trainings on a core each finish sooner
than one after the other on two cores: a small network's step leaves the second core idle. So does
a small network leave most of a large GPU idle.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.lab.executors.placement import (
    VISIBLE,
    gpu_names,
    gpu_places,
    share_of_cores,
)
from gan_knowledge_gaps.lab.specs import Spec
from gan_knowledge_gaps.training.command_line import program
from gan_knowledge_gaps.training.progress import say
from gan_knowledge_gaps.training.signals import Interrupted, stop_request

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab

POLL_SECONDS = 0.2
AS_WORKER = "--as_worker"
# Without GPUs and without a number given: what pays on two cores, docs/speed.md.
DEFAULT_WORKERS = 2


class Local:
    """Trains in several processes of this machine.

    Args:
        workers: how many; each gets its share of the cores and of the GPUs.
        gpu_slots: instead, how many for each GPU. Without either, one for each GPU, and
            DEFAULT_WORKERS where there is none.

    Raises:
        InputError: slots were asked for, and TensorFlow sees no GPU.
    """

    def __init__(self, workers: int | None = None, gpu_slots: int | None = None):
        import tensorflow as tf

        gpus = gpu_names(len(tf.config.list_physical_devices("GPU")), os.environ)
        if gpu_slots and not gpus:
            raise InputError("--gpu_slots is per GPU, and TensorFlow sees none; give --workers")
        if workers is None and gpu_slots is None:
            workers, gpu_slots = (None, 1) if gpus else (DEFAULT_WORKERS, None)
        self._places = gpu_places(gpus, workers, gpu_slots)

    def train(self, lab: Lab, specs: list[Spec], results: Path) -> list[Spec]:
        """Trains what is missing; `results` is of no interest here.

        Returns:
            What was trained.

        Raises:
            Interrupted: SIGINT or SIGTERM came; the workers have saved their checkpoints.
            SystemExit: a worker failed; it has said why, and the others have saved theirs.
            InputError: a value was trained on another version of something than there is now.
        """
        missing = lab.missing(specs)
        _train_side_by_side(self._places[: len(missing)], len(self._places))
        return missing + lab.train(specs)


def _train_side_by_side(places: list[list[str]], shares: int) -> None:
    """Runs a worker on the GPUs of each place, and a share of the cores, until they are done."""
    with stop_request() as stop, _started(places, shares) as workers:
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
def _started(places: list[list[str]], shares: int) -> Iterator[list[subprocess.Popen]]:
    """Worker processes, which are asked to stop, and waited for, on the way out."""
    command = [sys.executable, *program(), *sys.argv[1:], AS_WORKER]
    workers, relays = [], []
    try:
        for index, gpus in enumerate(places):
            # A session of its own: Ctrl-C reaches this process, which stops its workers in order.
            worker = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, errors="replace", start_new_session=True, env=_environment(gpus),
            )  # fmt: skip
            workers.append(worker)
            # Of as many shares as ever: what is left of a killed run ends in the same bits.
            _pin(worker.pid, index, shares)
            relays.append(threading.Thread(target=_relay, args=(worker,), daemon=True))
            relays[-1].start()
        yield workers
    finally:
        for worker in workers:
            cast(IO, worker.stdin).close()  # They watch it: see `stop_with_parent`.
        for worker, relay in zip(workers, relays, strict=True):
            worker.wait()
            relay.join()


def _environment(gpus: list[str]) -> dict[str, str]:
    return {**os.environ, VISIBLE: ",".join(gpus)} if gpus else dict(os.environ)


def _pin(process: int, index: int, count: int) -> None:
    """Gives a process its share of the cores, before TensorFlow counts them for its threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process, share_of_cores(index, count))


def _relay(worker: subprocess.Popen) -> None:
    for line in cast(IO[str], worker.stdout):
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
