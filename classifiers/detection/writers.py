"""Predictions as text: an aligned table, CSV, or JSON lines; written as they come."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TextIO

from gan_knowledge_gaps.classifiers.detection.predictions import Prediction
from gan_knowledge_gaps.data.errors import printable

COLUMNS = ("path", "probability_generated", "verdict", "error", "provenance")
STABILITY = "stability"  # a column behind these, where re-encodings are tried


Row = Callable[[Any], Mapping[str, Any]]


class Writer(Protocol):
    """Writes findings to a text stream."""

    def write(self, findings: Iterable[Any]) -> None:
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
            self._write(
                number, verdict, stability, printable(with_reason(each.path, each.error)) + said
            )
        self._stream.flush()

    def _write(self, number: str, verdict: str, stability: str, path: str) -> None:
        middle = f"{stability:>9}  " if self._stability else ""
        self._stream.write(f"{number:>12}  {verdict:<10}  {middle}{path}\n")


class CsvWriter:
    """Findings under a header; fields are empty where there is nothing to say.

    Args:
        stream: that is written to.
        columns: names of what is written.
        row: gives the values of a finding by these names.
    """

    def __init__(self, stream: TextIO, columns: Sequence[str], row: Row):
        self._stream, self._row = stream, row
        self._csv = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
        self._csv.writeheader()

    def write(self, findings: Iterable[Any]) -> None:
        """Writes a row each."""
        self._csv.writerows(map(self._row, findings))
        self._stream.flush()


class JsonLinesWriter:
    """An object for each finding, in a line; null where there is nothing to say.

    Args:
        stream: that is written to.
        columns: the keys.
        row: gives the values of a finding by these names.
    """

    def __init__(self, stream: TextIO, columns: Sequence[str], row: Row):
        self._stream, self._columns, self._row = stream, columns, row

    def write(self, findings: Iterable[Any]) -> None:
        """Writes a line each."""
        for each in map(self._row, findings):
            values = {
                name: None if each[name] in ("", {}) else each[name] for name in self._columns
            }
            self._stream.write(json.dumps(values) + "\n")
        self._stream.flush()


def with_reason(path: str, error: str) -> str:
    """The path, and why it cannot be read; most reasons have the path in them."""
    if path in error:
        return error
    return f"{path}: {error}" if error else path


def _csv_writer(stream: TextIO, stability: bool = False) -> Writer:
    return CsvWriter(stream, _columns(stability), _row)


def _json_writer(stream: TextIO, stability: bool = False) -> Writer:
    return JsonLinesWriter(stream, _columns(stability), _row)


def _columns(stability: bool) -> tuple[str, ...]:
    return (*COLUMNS, STABILITY) if stability else COLUMNS


def _row(prediction: Prediction) -> dict[str, Any]:
    return vars(prediction) | {"probability_generated": prediction.probability}


def _digits(number: float | None, digits: int) -> str:
    return "-" if number is None else f"{number:.{digits}f}"


WRITERS = {"table": TableWriter, "csv": _csv_writer, "json": _json_writer}
