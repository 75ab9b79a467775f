"""The one error of building the custom ops."""


class BuildError(Exception):
    """The library of custom ops cannot be had; the message is one line that names the cause."""

    def __init__(self, message: str):
        super().__init__(" ".join(message.split()))
