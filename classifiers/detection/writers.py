"""Predictions as text: an aligned table, CSV, or JSON lines; written as they come."""

import csv
import json
from collections.abc import Iterable
from typing import Protocol, TextIO

from classifiers.detection.predictions import Prediction
from data.errors import printable

COLUMNS = ("path", "probability_generated", "verdict", "error")


class Writer(Protocol):
    """Writes predictions to a text stream."""

    def __init__(self, stream: TextIO): ...

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Writes some, and flushes the stream."""


class TableWriter:
    """For people. The path comes last, so that columns align whatever is still to come."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        stream.write("P(generated)  verdict     picture\n")

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Writes a line each."""
        for each in predictions:
            number = "-" if each.probability is None else f"{each.probability:.4f}"
            verdict = each.verdict or "unreadable"
            self._stream.write(f"{number:>12}  {verdict:<10}  {printable(each.path)}\n")
        self._stream.flush()


class CsvWriter:
    """With a header of COLUMNS; fields are empty where there is nothing to say."""

    def __init__(self, stream: TextIO):
        self._stream, self._csv = stream, csv.writer(stream, lineterminator="\n")
        self._csv.writerow(COLUMNS)

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Writes a row each."""
        for each in predictions:
            self._csv.writerow([each.path, each.probability, each.verdict, each.error])
        self._stream.flush()


class JsonLinesWriter:
    """An object with the keys COLUMNS in each line; null where there is nothing to say."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Writes a line each."""
        for each in predictions:
            values = each.path, each.probability, each.verdict or None, each.error or None
            self._stream.write(json.dumps(dict(zip(COLUMNS, values, strict=True))) + "\n")
        self._stream.flush()


WRITERS = {"table": TableWriter, "csv": CsvWriter, "json": JsonLinesWriter}
