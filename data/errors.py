"""InputError, the one error that users can put right, and texts made fit for one line."""

# Most characters of a reason that another library gives, and of a whole message: either may quote a
# damaged header of 64 KiB.
MOST_REASON, MOST_MESSAGE = 200, 1000


class InputError(ValueError):
    """Bad user input: a flag, a file, a folder.

    The message is a single line that says what is wrong and what to do. Command lines print it,
    without a traceback, and exit with code 2.

    Args:
        message: Line breaks in it (from a file name or from another library) become spaces; other
            characters that cannot be printed are escaped, and what is too long loses its middle.
    """

    def __init__(self, message: str):
        super().__init__(_short(printable(" ".join(message.splitlines())), MOST_MESSAGE))


def printable(text: str) -> str:
    r"""Text in which line breaks, control characters and undecodable bytes are escaped.

    A byte of a file name that is no UTF-8, 0xE9 say, is a lone surrogate in Python, U+DCE9, and is
    shown as `\udce9`. `write_json` writes the same escape, which JSON readers turn back.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def brief(reason: object) -> str:
    """What another library says of a file, in one printable line of at most 200 characters.

    Args:
        reason: An exception or a text. Of the system's errors, without the file's name.
    """
    text = getattr(reason, "strerror", None) or str(reason)
    text = " ".join(text.split()) or type(reason).__name__
    return _short(printable(text), MOST_REASON)


def _short(text: str, most: int) -> str:
    half = most // 2
    return text if len(text) <= most else f"{text[: half - 3]}...{text[-half:]}"
