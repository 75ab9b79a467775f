"""Ctrl-C and SIGTERM: finish the step, save, and leave with the signal's own exit code."""

import contextlib
import signal
from collections.abc import Iterator


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

    number: int | None = None

    def __bool__(self) -> bool:
        return self.number is not None


@contextlib.contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Turns SIGINT and SIGTERM into a request that the caller looks at between steps."""
    request = StopRequest()
    previous = {}

    def handle(number, frame):
        request.number = number
        signal.signal(number, previous[number] or signal.SIG_DFL)

    try:
        for number in (signal.SIGINT, signal.SIGTERM):
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
