"""Workers meet whatever the order in which they come, and say for whom they wait."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training import rendezvous
from gan_knowledge_gaps.training.cluster import Cluster
from gan_knowledge_gaps.training.rendezvous import wait_for_workers

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _short_rounds(monkeypatch):
    monkeypatch.setattr(rendezvous, "ROUND_SECONDS", 0.05)


def addresses(count: int) -> tuple[str, ...]:
    """Addresses where nothing listens."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    names = tuple(f"127.0.0.1:{server.getsockname()[1]}" for server in servers)
    for server in servers:
        server.close()
    return names


class Meeting(threading.Thread):
    """A worker that comes."""

    def __init__(self, names: tuple[str, ...], index: int, wait_seconds: float = 60.0):
        super().__init__(daemon=True)
        self.cluster, self.wait_seconds = Cluster(names, index), wait_seconds
        self.error = None
        self.start()

    def run(self) -> None:
        try:
            wait_for_workers(self.cluster, self.wait_seconds)
        except InputError as error:
            self.error = str(error)

    def has_ended(self) -> bool:
        self.join(timeout=60)
        return not self.is_alive()


@pytest.mark.parametrize("last", range(3))
def test_nobody_goes_on_before_all_are_there(last):
    names = addresses(3)
    early = [Meeting(names, index) for index in range(3) if index != last]
    time.sleep(0.5)
    assert all(worker.is_alive() for worker in early)
    workers = [*early, Meeting(names, last)]
    assert all(worker.has_ended() for worker in workers)
    assert [worker.error for worker in workers] == [None] * 3
    # TensorFlow's server can have the ports at once.
    for name in names:
        socket.create_server(("127.0.0.1", int(name.rpartition(":")[2]))).close()


def test_one_that_is_started_anew_is_met_again():
    names = addresses(3)
    first = Meeting(names, 0)
    killed = Meeting(names, 1, wait_seconds=0.5)
    assert killed.has_ended()
    assert killed.error
    workers = [first, Meeting(names, 1)]
    time.sleep(0.3)
    workers.append(Meeting(names, 2))
    assert all(worker.has_ended() for worker in workers)


def test_who_does_not_come_is_named(capsys, monkeypatch):
    monkeypatch.setattr(rendezvous, "FIRST_NOTICE_SECONDS", 0.2)
    names = addresses(3)
    workers = [Meeting(names, index, wait_seconds=1.0) for index in (0, 2)]
    for worker in workers:
        assert worker.has_ended()
        assert worker.error == f"no worker came from {names[1]} in 1 s"
    said = capsys.readouterr().err.splitlines()
    assert f"worker 0 of 3, {names[0]}: waiting for the others" in said
    assert said.count(f"still waiting for {names[1]}") == 2


def test_other_addresses_are_an_error():
    names = addresses(3)
    workers = [Meeting(names, 0), Meeting((names[1], names[0], names[2]), 0, wait_seconds=3.0)]
    assert workers[0].has_ended()
    assert "other addresses" in workers[0].error
    assert workers[1].has_ended()


def test_strangers_do_not_matter():
    names = addresses(2)
    first = Meeting(names, 0)
    port = int(names[0].rpartition(":")[2])
    for text in (b"", b"GET / HTTP/1.1\r\n\r\n", b"worker 0123 1\n", b"\xff" * 1000):
        connected = False
        while not connected:
            try:
                with socket.create_connection(("127.0.0.1", port), 1.0) as connection:
                    connection.sendall(text)
                connected = True
            except ConnectionRefusedError:
                time.sleep(0.05)
    assert first.is_alive()
    second = Meeting(names, 1)
    assert first.has_ended()
    assert second.has_ended()
    assert (first.error, second.error) == (None, None)


def test_a_port_that_is_taken_is_an_error():
    with socket.create_server(("", 0)) as taken:
        name = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=f"cannot listen at {name}: .*; choose another port"):
            wait_for_workers(Cluster((name, "127.0.0.1:1"), 0))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_one_that_waits(number):
    script = (
        "from gan_knowledge_gaps.training.cluster import Cluster\n"
        "from gan_knowledge_gaps.training.rendezvous import wait_for_workers\n"
        f"wait_for_workers(Cluster({addresses(2)!r}, 0))"
    )
    # Processes inherit what is ignored, as Ctrl-C is where tests run in the background.
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    waiting = subprocess.Popen(
        [sys.executable, "-c", script], stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        assert "waiting for the others" in waiting.stderr.readline()
        waiting.send_signal(number)
        assert waiting.wait(timeout=60) == -number
    finally:
        waiting.kill()
        signal.signal(signal.SIGINT, previous)
