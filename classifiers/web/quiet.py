"""A server whose end is quiet."""

import logging
import socket

import uvicorn


class QuietServer(uvicorn.Server):
    """Ends without a word: requests that are cut off when it is stopped are no faults."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Gives answers in work the time that the configuration says, and cuts off the others."""
        logger = logging.getLogger("uvicorn.error")
        level = logger.level
        logger.setLevel(logging.CRITICAL + 1)
        try:
            await super().shutdown(sockets)
        finally:
            logger.setLevel(level)
