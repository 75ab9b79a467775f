"""Workers wait for each other in Python, before TensorFlow connects them.

TensorFlow itself waits for an hour in native code, where it ignores Ctrl-C and does not say which
worker is missing.
"""

import contextlib
import hashlib
import re
import socket
import time

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.cluster import Cluster
from gan_knowledge_gaps.training.progress import say

WAIT_SECONDS = 1800.0
ROUND_SECONDS = 0.5
FIRST_NOTICE_SECONDS = 10.0


def wait_for_workers(cluster: Cluster, wait_seconds: float = WAIT_SECONDS) -> None:
    """Returns once every worker has reached every other at the address that TensorFlow will use.

    Raises:
        InputError: this worker's port can't be used; or a worker is missing after `wait_seconds`,
            or was given other addresses.
    """
    own = cluster.addresses[cluster.index]
    say(f"worker {cluster.index} of {len(cluster.addresses)}, {own}: waiting for the others")
    with _listener(own) as listener:
        started, noticed = time.monotonic(), False
        # The workers that this one has reached, and those that have reached it.
        reached, came = {cluster.index}, {cluster.index}
        while missing := set(range(len(cluster.addresses))) - (reached & came):
            # Every worker in every round: one may have been restarted since the last.
            reached |= {
                other for other in range(len(cluster.addresses)) if _handshake(cluster, other)
            }
            came |= _connections(cluster, listener)
            waited = time.monotonic() - started
            names = ", ".join(cluster.addresses[each] for each in sorted(missing))
            if waited > wait_seconds:
                raise InputError(f"no worker came from {names} in {wait_seconds:.0f} s")
            if waited > FIRST_NOTICE_SECONDS and not noticed:
                noticed = True
                say(f"still waiting for {names}")


def _listener(own: str) -> socket.socket:
    host, _, port = own.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server(("", int(port)), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        raise InputError(f"cannot listen at {own}: {error}; choose another port") from error


def _message(cluster: Cluster, index: int) -> bytes:
    digest = hashlib.sha256(" ".join(cluster.addresses).encode()).hexdigest()[:16]
    return f"worker {digest} {index}\n".encode()


def _handshake(cluster: Cluster, other: int) -> bool:
    """Tells another worker that this one is there; returns whether it was reached."""
    if other == cluster.index:
        return True
    host, _, port = cluster.addresses[other].rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), ROUND_SECONDS) as connection:
            connection.sendall(_message(cluster, cluster.index))
    except OSError:  # not there yet
        return False
    return True


def _connections(cluster: Cluster, listener: socket.socket) -> set[int]:
    """The workers that connect to this one within a round."""
    connected = set()
    until = time.monotonic() + ROUND_SECONDS
    while (left := until - time.monotonic()) > 0:
        listener.settimeout(left)
        with contextlib.suppress(OSError):  # No connection, or one without a message.
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(ROUND_SECONDS)
                text = connection.makefile("rb").readline(64)
            if message := re.fullmatch(rb"worker [0-9a-f]{16} ([0-9]+)\n", text):
                index = int(message[1])
                if text != _message(cluster, index):
                    raise InputError("a worker has other addresses: give all workers the same")
                connected.add(index)
    return connected
