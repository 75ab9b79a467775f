"""Progress of a long piece of work: tqdm on a terminal, plain lines elsewhere."""

import sys
import time

from tqdm import tqdm

from gan_knowledge_gaps.data.errors import printable
from gan_knowledge_gaps.data.time_spans import time_span

PLAIN_LINE_SECONDS = 15.0

_muted = False


def mute() -> None:
    """Silences this process for good: of several workers, only the chief prints."""
    global _muted
    _muted = True


class Progress:
    """Counts steps of known total. Writes to stderr; use as a context manager.

    Args:
        label: what is being done.
        total: number of steps in all.
        start: steps that were done before this process.
        unit: what a step is, in the plural for plain lines.
    """

    def __init__(self, label: str, total: int, start: int = 0, unit: str = "steps"):
        self.label, self.total, self.unit = label, total, unit
        self.done = start
        self._steady: tuple[float, int] | None = None  # time and count after the first advance
        self._last_line = time.monotonic()
        self._bar = None
        if sys.stderr.isatty() and not _muted:
            self._bar = tqdm(
                desc=label, total=total, initial=start, unit=f" {unit}", leave=False,
                dynamic_ncols=True,
            )  # fmt: skip

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error) -> None:
        if self._bar is not None:
            self._bar.close()

    def advance(self, count: int = 1, note: str = "") -> None:
        """Adds finished steps; `note` (losses, say) is shown beside them."""
        self.done += count
        if self._steady is None:
            self._steady = time.monotonic(), self.done
        if self._bar is not None:
            if note:
                self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(count)
        elif time.monotonic() - self._last_line > PLAIN_LINE_SECONDS:
            self._last_line = time.monotonic()
            self._print_line(note)

    def _print_line(self, note: str) -> None:
        # The first step compiles the graphs, and tells nothing of the rate.
        assert self._steady is not None
        since, first = self._steady
        speed = ""
        if self.done > first:
            rate = (self.done - first) / max(self._last_line - since, 1e-9)
            speed = f", {rate:.1f}/s, {time_span((self.total - self.done) / rate)} left"
        say(
            f"{self.label}: {self.done:,} of {self.total:,} {self.unit}{speed}"
            + (f"  {note}" if note else "")
        )


def say(line: str) -> None:
    """Prints a line to stderr, above any progress bar.

    Characters of file names that cannot be printed are escaped.
    """
    if not _muted:
        tqdm.write("\n".join(map(printable, line.split("\n"))), file=sys.stderr)
        sys.stderr.flush()
