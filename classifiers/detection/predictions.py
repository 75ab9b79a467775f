"""What a detector says of one picture."""

from dataclasses import dataclass

GENERATED, NATURAL = "generated", "natural"


@dataclass(frozen=True)
class Prediction:
    """What a detector says of one picture.

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


def classify(path: str, probability: float, threshold: float) -> Prediction:
    """The prediction for a picture that could be read; generated is what exceeds the threshold."""
    return Prediction(path, probability, GENERATED if probability > threshold else NATURAL)


def unread(path: str, error: str) -> Prediction:
    """The prediction for a picture that could not be read."""
    return Prediction(path, None, "", error)
