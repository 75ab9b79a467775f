"""Images per second of a training's steps alone."""

import contextlib
import time
from collections.abc import Iterator


class Speed:
    """Counts neither the first step of a process, which compiles its graphs, nor pauses.

    Args:
        batch_size: images in a step.
        step: steps that were made before this process.
    """

    def __init__(self, batch_size: int, step: int):
        self._batch_size, self._first = batch_size, step
        self._begun = self._since = time.monotonic()
        self._from = step

    def made(self, step: int) -> None:
        """Called after each step with their number."""
        if step == self._first + 1:
            self._since, self._from = time.monotonic(), step

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Around what is no step: measurements, samples."""
        started = time.monotonic()
        yield
        self._since += time.monotonic() - started

    def take(self, step: int) -> float:
        """Images per second since it was taken last.

        Where there was no step but the first of this process, that one counts from the start.
        """
        now = time.monotonic()
        if step == self._from:
            self._since, self._from = self._begun, step - 1
        rate = (step - self._from) * self._batch_size / max(now - self._since, 1e-9)
        self._since, self._from = now, step
        return rate
