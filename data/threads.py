"""Threads for pictures: Pillow decodes and resizes outside Python's global lock."""

import functools
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 4  # items in work per thread: enough to keep all busy, few enough to hold in memory


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int | None = None
) -> Generator[Result]:
    """Like `map`, on all cores, holding only a few results at a time.

    Args:
        function: Called in threads; what it raises is raised here, at the item's turn.
        items: Its arguments.
        threads: Default: one per core that this process may use.

    Yields:
        The results in the items' order.
    """
    threads = threads or usable_cores()
    pool = thread_pool(threads)
    running: deque[Future] = deque()
    try:
        for item in items:
            running.append(pool.submit(function, item))
            if len(running) >= _AHEAD * threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        for future in running:
            future.cancel()


def usable_cores() -> int:
    """Number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def thread_pool(threads: int) -> ThreadPoolExecutor:
    """The process's pool of that many threads."""
    return ThreadPoolExecutor(threads, thread_name_prefix="pictures")


if hasattr(os, "register_at_fork"):  # a forked child inherits the pool, but none of its threads
    os.register_at_fork(after_in_child=thread_pool.cache_clear)
