"""What is said of one picture."""

from dataclasses import dataclass

GENERATED, NATURAL = "generated", "natural"


@dataclass(frozen=True)
class Finding:
    """A detector's word on one picture.

    Attributes:
        path: The file; for one in a zip, the zip's path, a slash, and the name in it.
        probability: P(generated), calibrated; None if the picture could not be read.
        verdict: GENERATED or NATURAL; "" if the picture could not be read.
        error: Why it could not be read; "" if it could.
    """

    path: str
    probability: float | None
    verdict: str
    error: str = ""


def judge(path: str, probability: float, threshold: float) -> Finding:
    """The finding on a picture that could be read; generated is what exceeds the threshold."""
    return Finding(path, probability, GENERATED if probability > threshold else NATURAL)


def unread(path: str, error: str) -> Finding:
    """The finding on a picture that could not be read."""
    return Finding(path, None, "", error)
