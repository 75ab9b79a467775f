"""Workers wait for each other here, before TensorFlow would: in Python, where Ctrl-C is heard.

TensorFlow waits in native code for an hour, deaf to signals, and does not say for whom.
"""

import contextlib
import hashlib
import re
import socket
import time

from data import InputError
from training.cluster import Cluster
from training.progress import say

WAIT_SECONDS = 1800.0
ROUND_SECONDS = 0.5
FIRST_NOTICE_SECONDS = 10.0


def wait_for_workers(cluster: Cluster, wait_seconds: float = WAIT_SECONDS) -> None:
    """Returns once every worker has reached every other at the address that TensorFlow will use.

    Raises:
        InputError: this worker's port can't be used; or a worker is missing for so long, or has
            other addresses.
    """
    own = cluster.addresses[cluster.index]
    say(f"worker {cluster.index} of {len(cluster.addresses)}, {own}: waiting for the others")
    with _listener(own) as listener:
        started, noticed = time.monotonic(), False
        # The workers that this one has reached, and those that have reached it.
        reached, heard = {cluster.index}, {cluster.index}
        everyone = set(range(len(cluster.addresses)))
        while missing := everyone - (reached & heard):
            # All of them again and again: one that was started anew knows nothing of before.
            reached |= {other for other in everyone if _handshake(cluster, other)}
            heard |= _connections(cluster, listener)
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
    """Tells another worker that this one is there; whether that was heard."""
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
    """The workers that connect within one round."""
    came = set()
    until = time.monotonic() + ROUND_SECONDS
    while (left := until - time.monotonic()) > 0:
        listener.settimeout(left)
        with contextlib.suppress(OSError):  # Nobody came, or left before saying anything.
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(ROUND_SECONDS)
                text = connection.makefile("rb").readline(64)
            if message := re.fullmatch(rb"worker [0-9a-f]{16} ([0-9]+)\n", text):
                index = int(message[1])
                if text != _message(cluster, index):
                    raise InputError("a worker came that has other addresses: use the same in all")
                came.add(index)
    return came
