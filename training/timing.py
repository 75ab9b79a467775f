"""Alternating repeats of several pieces of work in one process."""

import statistics
import time
from collections.abc import Callable


def medians(
    work: dict[str, Callable[[], None]], repeats: int, warmup: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:  # fmt: skip
    """Median seconds of each piece of work.

    The pieces take turns, so that a machine that slows down slows all of them.

    Args:
        work: what to time, by name; each call must wait for its own result.
        repeats: timed calls of each.
        warmup: calls of each before that.
        clock: tells seconds; `time.process_time` counts only those that this process computes.
    """
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(warmup + repeats):
        for name, call in work.items():
            started = clock()
            call()
            if turn >= warmup:
                seconds[name].append(clock() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}
