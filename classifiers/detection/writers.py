"""Predictions as text: an aligned table, CSV, or JSON lines; written as they come."""

import csv
import json
from collections.abc import Iterable
from typing import Protocol, TextIO

from gan_knowledge_gaps.classifiers.detection.predictions import Prediction
from gan_knowledge_gaps.data.errors import printable

COLUMNS = ("path", "probability_generated", "verdict", "error", "provenance")
STABILITY = "stability"  # a column behind these, where re-encodings are tried


class Writer(Protocol):
    """Writes predictions to a text stream, with their stability or without."""

    def __init__(self, stream: TextIO, stability: bool = False): ...

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Writes some, and flushes the stream."""


class TableWriter:
    """For people. The path comes last, so that columns align whatever is still to come.

    Behind it, in brackets, stands what the file says of its origin.
    """

    def __init__(self, stream: TextIO, stability: bool = False):
        self._stream, self._stability = stream, stability
        self._write("P(generated)", "verdict", STABILITY, "picture")

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Writes a line each."""
        for each in predictions:
            verdict = each.verdict or "unreadable"
            number, stability = _digits(each.probability, 4), _digits(each.stability, 2)
            said = f"  [{each.provenance}]" if each.provenance else ""
            self._write(number, verdict, stability, printable(_with_reason(each)) + said)
        self._stream.flush()

    def _write(self, number: str, verdict: str, stability: str, path: str) -> None:
        middle = f"{stability:>9}  " if self._stability else ""
        self._stream.write(f"{number:>12}  {verdict:<10}  {middle}{path}\n")


class CsvWriter:
    """With a header of COLUMNS; fields are empty where there is nothing to say."""

    def __init__(self, stream: TextIO, stability: bool = False):
        self._stream, self._csv = stream, csv.writer(stream, lineterminator="\n")
        self._columns = _columns(stability)
        self._csv.writerow(self._columns)

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Writes a row each."""
        for each in predictions:
            self._csv.writerow(_values(each)[: len(self._columns)])
        self._stream.flush()


class JsonLinesWriter:
    """An object with the keys COLUMNS in each line; null where there is nothing to say."""

    def __init__(self, stream: TextIO, stability: bool = False):
        self._stream, self._columns = stream, _columns(stability)

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Writes a line each."""
        for each in predictions:
            values = (None if value == "" else value for value in _values(each))
            self._stream.write(json.dumps(dict(zip(self._columns, values, strict=False))) + "\n")
        self._stream.flush()


def _columns(stability: bool) -> tuple[str, ...]:
    return (*COLUMNS, STABILITY) if stability else COLUMNS


def _values(prediction: Prediction) -> tuple:
    """In the order of COLUMNS, then the stability."""
    each = prediction
    return (
        each.path, each.probability, each.verdict, each.error, each.provenance, each.stability,
    )  # fmt: skip


def _with_reason(prediction: Prediction) -> str:
    """The path, and why it cannot be read; most reasons have the path in them."""
    path, error = prediction.path, prediction.error
    if path in error:
        return error
    return f"{path}: {error}" if error else path


def _digits(number: float | None, digits: int) -> str:
    return "-" if number is None else f"{number:.{digits}f}"


WRITERS = {"table": TableWriter, "csv": CsvWriter, "json": JsonLinesWriter}
