"""Items that a thread makes ahead of their use: batches are read while the ones before train."""

import collections
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

Item = TypeVar("Item")


def ahead(items: Iterable[Item], most: int = 2) -> Generator[Item]:
    """Yields the same items in their order, while a thread makes those that come next.

    Nothing is made before the first is asked for, and nothing behind one that failed. However it
    ends, the thread has ended with it: closing it waits for the item that is being made. A caller
    that may leave in the middle closes it, by `contextlib.closing`.

    Args:
        items: Made one after the other, in the thread; what else it touches must bear that.
        most: How many are ready or being made at a time, beside the one in use.

    Yields:
        The items; what making one raises is raised here, at its turn.
    """
    making, end = (item for item in items), object()  # an error ends a generator
    thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    try:
        coming = collections.deque(thread.submit(next, making, end) for _ in range(most))
        while (item := coming.popleft().result()) is not end:
            coming.append(thread.submit(next, making, end))
            yield cast("Item", item)
    finally:
        thread.shutdown(cancel_futures=True)
