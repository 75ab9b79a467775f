"""How much may be made of a file's bytes."""

from gan_knowledge_gaps.data import InputError


class Budget:
    """Bytes that may still be copied: a small file must not become a large one.

    Args:
        size: of the file. Whoever copies a part of it spends that part.
    """

    def __init__(self, size: int):
        self._left = size

    def spend(self, size: int) -> None:
        """Takes so many bytes; raises `InputError` where there are not as many left."""
        self._left -= size
        if self._left < 0:
            raise InputError("it uses its own bytes over and over")
