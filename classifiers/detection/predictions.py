"""What a detector says of one picture."""

from collections.abc import Sequence
from dataclasses import dataclass

GENERATED, NATURAL, UNCERTAIN = "generated", "natural", "uncertain"


@dataclass(frozen=True)
class Thresholds:
    """Where verdicts change.

    Attributes:
        generated: P(generated) above which a picture is called generated.
        uncertain: P(generated) above which it is called uncertain, up to the other; where both are
            the same no picture is.
    """

    generated: float = 0.5
    uncertain: float = 0.5

    def verdict(self, probability: float) -> str:
        """GENERATED, UNCERTAIN or NATURAL."""
        if probability > self.generated:
            return GENERATED
        return UNCERTAIN if probability > self.uncertain else NATURAL


@dataclass(frozen=True)
class Prediction:
    """What a detector says of one picture.

    Attributes:
        path: The file; for one in a zip, the zip's path, a slash, and the name in it.
        probability: P(generated), calibrated; None if the picture could not be read.
        verdict: GENERATED, NATURAL or UNCERTAIN; "" if the picture could not be read.
        error: Why it could not be read; "" if it could.
        stability: Share of its re-encodings with the same verdict; None where none were tried.
        provenance: What its file says of its origin, which has no part in the verdict; see
            `data.provenance`.
    """

    path: str
    probability: float | None
    verdict: str
    error: str = ""
    stability: float | None = None
    provenance: str = ""


EVEN = Thresholds()


def classify(
    path: str, probabilities: Sequence[float], thresholds: Thresholds, provenance: str = ""
) -> Prediction:
    """The prediction for a picture that could be read.

    Args:
        path: The file.
        probabilities: P(generated) of the picture, then of each of its re-encodings, if any.
        thresholds: Where verdicts change.
        provenance: What its file says of its origin.
    """
    verdict, *others = map(thresholds.verdict, probabilities)
    stability = others.count(verdict) / len(others) if others else None
    return Prediction(path, float(probabilities[0]), verdict, "", stability, provenance)


def unread(path: str, error: str) -> Prediction:
    """The prediction for a picture that could not be read."""
    return Prediction(path, None, "", error)
