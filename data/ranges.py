"""Numbers and ranges of numbers, as they are written on a command line."""

import re

from gan_knowledge_gaps.data.errors import InputError

MOST = 10_000_000


def parse_ranges(text: str, flag: str) -> list[int]:
    """Whole numbers such as "0-63,100,7": in their order, both ends of a range included.

    Args:
        text: Numbers below 2^32 and ascending ranges, separated by commas.
        flag: Whose value it is, for errors.

    Raises:
        InputError: The text is anything else, or means more than ten million numbers.
    """
    numbers: list[int] = []
    for part in text.replace(" ", "").split(","):
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", part)
        if not match:
            raise InputError(f"--{flag} is '{text}'; write numbers and ranges, such as 0-63,100")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last >= 2**32:
            raise InputError(f"--{flag}: '{part}' is no ascending range of numbers below 2^32")
        if len(numbers) + last - first >= MOST:
            raise InputError(f"--{flag}: {part} is more than {MOST:,} numbers")
        numbers += range(first, last + 1)
    return numbers
