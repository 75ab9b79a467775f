"""Pictures of all requests through the model, in batches of whatever waits."""

import asyncio
import collections
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from gan_knowledge_gaps.classifiers.detection.batches import scored
from gan_knowledge_gaps.classifiers.detection.pictures import FilesInMemory, Reading
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.picture import open_header

BATCHES = 2  # at a time: one is decoded while the other is in the model


@dataclass(frozen=True, eq=False)
class File:
    """A picture's file: what to call it, its contents, and its pixels as the header has them."""

    name: str
    contents: bytes
    pixels: int


def checked_file(name: str, contents: bytes, most_pixels: int) -> File:
    """A file of which nothing but the header has been read.

    Raises:
        InputError: it has more pixels than may be decoded.
    """
    width, height = 0, 0
    with contextlib.suppress(Exception), open_header(contents) as image:  # `decode` says what it is
        width, height = image.size
    if width * height > most_pixels:
        raise InputError(
            f"{name} has {width:,} x {height:,} pixels; at most {most_pixels:,} are decoded here: "
            "make it smaller, or start the server with more --megapixels"
        )
    return File(name, contents, width * height)


class Scorer:
    """Reads and scores files in threads, so that the event loop stays free.

    Args:
        detector: any that takes squares of one size.
        batch_size: most pictures through the model at once.
        most_pixels: decoded at once in a batch, or those of a single picture.
    """

    def __init__(self, detector: Detector, batch_size: int, most_pixels: int):
        self._detector, self._batch_size, self._most_pixels = detector, batch_size, most_pixels
        self._waiting: collections.deque[tuple[File, asyncio.Future]] = collections.deque()
        self._threads = ThreadPoolExecutor(BATCHES, thread_name_prefix="scoring")
        self._running: set[asyncio.Task] = set()

    async def score(self, files: Sequence[File]) -> list[tuple[Reading, np.ndarray]]:
        """What was read of each file, and the model's logits of its images; see `scored`."""
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in files]
        self._waiting.extend(zip(files, futures, strict=True))
        if len(self._running) < BATCHES:
            task = loop.create_task(self._empty_the_queue())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await asyncio.gather(*futures)

    def shutdown(self, cancel_futures: bool = False) -> None:
        """Waits for the batches in work, as an executor does."""
        self._threads.shutdown(cancel_futures=cancel_futures)

    async def _empty_the_queue(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            files, futures = zip(*self._next_batch(), strict=True)
            try:
                found = await loop.run_in_executor(self._threads, self._score, files)
            except Exception as error:  # whatever it is, nobody may wait for ever
                for future in futures:
                    if not future.done():
                        future.set_exception(error)
                continue
            for future, each in zip(futures, found, strict=True):
                if not future.done():  # its request may be gone
                    future.set_result(each)

    def _next_batch(self) -> list[tuple[File, asyncio.Future]]:
        """The first that wait; large pictures alone."""
        batch = [self._waiting.popleft()]
        pixels = batch[0][0].pixels
        while self._waiting and len(batch) < self._batch_size:
            pixels += self._waiting[0][0].pixels
            if pixels > self._most_pixels:
                break
            batch.append(self._waiting.popleft())
        return batch

    def _score(self, files: Sequence[File]) -> list[tuple[Reading, np.ndarray]]:
        pictures = FilesInMemory([(each.name, each.contents) for each in files])
        batches = scored(self._detector, pictures, self._batch_size)
        return [each for batch in batches for each in batch]
