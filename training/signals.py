"""Ctrl-C and SIGTERM: finish the step, save, and leave with the signal's own exit code.

A cluster's notice that the time is up, SIGUSR1 or SIGUSR2, does the same where it has a handler.
"""

import contextlib
import signal
from collections.abc import Iterator
from typing import Any

# Windows has neither of the last two.
_NOTICES = [getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2") if hasattr(signal, name)]
# The signals that ask a training to stop. If several came, the first of this list counts.
SIGNALS = (signal.SIGTERM, signal.SIGINT, *_NOTICES)


class Interrupted(Exception):  # noqa: N818 - it reports a request, not an error
    """A training stopped because it was asked to; its checkpoint is saved."""

    def __init__(self, number: int):
        self.number = number
        super().__init__(f"stopped by {signal.Signals(number).name}")

    @property
    def exit_code(self) -> int:
        """128 + signal number, as shells report it: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.number


class StopRequest:
    """Set by the first signal; a second one of the same kind acts at once."""

    number: int = 0  # of the signal; no signal has this one

    def __bool__(self) -> bool:
        return self.number != 0


def notices() -> list[int]:
    """Those of SIGUSR1 and SIGUSR2 that have a handler; a job of a cluster sets one.

    Without a handler the signal is no notice of a cluster, and ends the process.
    """
    return [number for number in _NOTICES if callable(signal.getsignal(number))]


@contextlib.contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Turns SIGINT, SIGTERM and notices into a request that the caller looks at between steps."""
    request = StopRequest()
    previous: dict[int, Any] = {}

    def handle(number, frame):
        request.number = number
        signal.signal(number, previous[number] or signal.SIG_DFL)

    try:
        for number in (signal.SIGINT, signal.SIGTERM, *notices()):
            # Noted before: the handler may run as soon as it is set.
            previous[number] = signal.getsignal(number)
            signal.signal(number, handle)
    except ValueError:  # Only the main thread may set handlers; elsewhere signals act as before.
        previous = {}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler or signal.SIG_DFL)
