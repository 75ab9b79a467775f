"""How many requests, and bytes of them, are in work at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.requests import Request

SECONDS = 60  # in which a request must have arrived
LARGEST_AT_ONCE = 8  # requests of the largest size that memory is given to


class Gate:
    """Lets requests in until there are too many, or too many bytes of them.

    Args:
        most_requests: that are read or answered at a time.
        most_bytes: of one request's body.
    """

    def __init__(self, most_requests: int, most_bytes: int):
        self.most_bytes = most_bytes
        self._requests_left, self._bytes_left = most_requests, LARGEST_AT_ONCE * most_bytes

    @contextlib.asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """A request's body; inside, the request counts as one that is being answered.

        A body that is refused is read to its end and thrown away: a client listens for no answer
        before it has sent it all.

        Raises:
            HTTPException: 413, the body is too large; 503, too many requests are in work; 408, it
                has not arrived in time.
        """
        chunks: list[bytes] = []
        size = held = 0
        is_full = self._requests_left == 0
        admitted = int(not is_full)
        self._requests_left -= admitted
        try:
            async with _in_time():
                async for chunk in request.stream():
                    size += len(chunk)
                    is_full |= len(chunk) > self._bytes_left
                    if is_full or size > self.most_bytes:
                        chunks.clear()
                        self._bytes_left, held = self._bytes_left + held, 0
                    else:
                        chunks.append(chunk)
                        self._bytes_left, held = self._bytes_left - len(chunk), held + len(chunk)
            if size > self.most_bytes:
                raise HTTPException(413, f"the request is larger than {self.most_bytes:,} bytes")
            if is_full:
                raise HTTPException(
                    503, "too many requests wait: try again in a second", {"Retry-After": "1"}
                )
            yield b"".join(chunks)
        finally:
            self._requests_left += admitted
            self._bytes_left += held


@contextlib.asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(SECONDS):
            yield
    except TimeoutError as error:
        raise HTTPException(408, f"the request did not arrive in {SECONDS} seconds") from error
