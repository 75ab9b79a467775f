"""Alternating repeats of several pieces of work in one process."""

import statistics
import time
from collections.abc import Callable


def medians(work: dict[str, Callable[[], None]], repeats: int, warmup: int = 1) -> dict[str, float]:
    """Median seconds of each piece of work.

    The pieces take turns, so that a machine that slows down slows all of them.

    Args:
        work: what to time, by name; each call must wait for its own result.
        repeats: timed calls of each.
        warmup: calls of each before that.
    """
    seconds = {name: [] for name in work}
    for turn in range(warmup + repeats):
        for name, call in work.items():
            started = time.perf_counter()
            call()
            if turn >= warmup:
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def print_rates(seconds: dict[str, float], images: int, baseline: str) -> None:
    """Prints seconds and images per second of each piece of work, and its speed by another's."""
    width = max(map(len, seconds))
    for name, value in seconds.items():
        ratio = seconds[baseline] / value
        rate = images / value
        print(f"{name:{width}}  {value:7.2f} s  {rate:9,.0f} images/s  {ratio:5.2f}x", flush=True)
