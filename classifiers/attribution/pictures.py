"""What an attributor says of picture files, as a table, CSV or JSON lines."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

from gan_knowledge_gaps.classifiers.attribution.attributor import Attributor
from gan_knowledge_gaps.classifiers.detection.batches import scored
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures
from gan_knowledge_gaps.classifiers.detection.writers import (
    CsvWriter,
    JsonLinesWriter,
    Writer,
    with_reason,
)
from gan_knowledge_gaps.data.errors import printable

COLUMNS = ("path", "generator", "probability", "likeliest", "error")


@dataclass(frozen=True)
class Attribution:
    """What an attributor says of one picture.

    Attributes:
        path: The file; for one in a zip, the zip's path, a slash, and the name in it.
        generator: The class that it is called, or "unknown"; "" if it could not be read.
        probability: P(likeliest | a known class made it), calibrated; None if it could not be read.
        likeliest: The class of the largest logit, also where the picture is called unknown; "" if
            it could not be read.
        error: Why it could not be read; "" if it could.
        probabilities: Of all classes, by their names; empty if it could not be read.
    """

    path: str
    generator: str
    probability: float | None
    likeliest: str
    error: str = ""
    probabilities: dict[str, float] = field(default_factory=dict)


def attribute(
    attributor: Attributor, pictures: Pictures, batch_size: int = 32
) -> Iterator[list[Attribution]]:
    """Says of pictures, in their order and a batch at a time, who made them.

    Args:
        attributor: whose `resize_filter` and size the pictures are fitted to, as in its training.
        pictures: any number.
        batch_size: pictures through the model at once.

    Raises:
        InputError: the attributor takes no squares of one size.
    """
    for batch in scored(attributor, pictures, batch_size):
        yield [
            _of(attributor, reading.path, logits)
            if reading.images
            else Attribution(reading.path, "", None, "", reading.error)
            for reading, logits in batch
        ]


def _of(attributor: Attributor, path: str, logits) -> Attribution:
    """Of one picture's logits, float32 [1, K]."""
    (likeliest,), (called,) = logits.argmax(axis=1), attributor.called(logits)
    probabilities = attributor.probability(logits)[0].tolist()
    return Attribution(
        path, attributor.name(called), probabilities[likeliest], attributor.name(likeliest),
        probabilities=dict(zip(attributor.classes, probabilities, strict=True)),
    )  # fmt: skip


class TableWriter:
    """For people. The path comes last, so that columns align whatever is still to come."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._write("generator", "P", "likeliest", "picture")

    def write(self, attributions: Iterable[Attribution]) -> None:
        """Writes a line each."""
        for each in attributions:
            number = "-" if each.probability is None else f"{each.probability:.4f}"
            names = each.generator or "unreadable", number, each.likeliest or "-"
            self._write(*names, printable(with_reason(each.path, each.error)))
        self._stream.flush()

    def _write(self, generator: str, number: str, likeliest: str, path: str) -> None:
        self._stream.write(f"{generator:<16}  {number:>6}  {likeliest:<16}  {path}\n")


WRITERS: dict[str, Callable[[TextIO], Writer]] = {
    "table": TableWriter,
    "csv": lambda stream: CsvWriter(stream, COLUMNS, vars),
    "json": lambda stream: JsonLinesWriter(stream, (*COLUMNS, "probabilities"), vars),
}
