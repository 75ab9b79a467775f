"""The one error that is the user's to put right."""


class InputError(ValueError):
    """Bad user input: a flag, a file, a folder.

    The message is a single line that says what is wrong and what to do. Command lines print it,
    without a traceback, and exit with code 2.

    Args:
        message: Line breaks in it (from a file name or from another library) become spaces.
    """

    def __init__(self, message: str):
        super().__init__(" ".join(message.splitlines()))
