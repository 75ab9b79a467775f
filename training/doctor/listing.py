"""Findings as lines for people, and as JSON for machines."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from training.doctor.finding import OK, PROBLEM, WARNING, Finding

_MARKS = {OK: "ok", WARNING: "warning", PROBLEM: "PROBLEM"}
_MARK, _CHECK = 9, 20  # widths of the columns


def lines(finding: Finding) -> list[str]:
    """One line for what was found; below it, unless all is well, one for what to do."""
    first = f"{_MARKS[finding.status]:{_MARK}}{finding.check:{_CHECK}} {finding.found}"
    if not finding.advice:
        return [first]
    return [first, " " * _MARK + f"{'  what to do:':{_CHECK}} {finding.advice}"]


def summary(findings: Sequence[Finding]) -> str:
    """How many findings there are of each kind, as "12 ok, 1 warning, 2 problems"."""
    counts = {status: _count(findings, status) for status in (OK, WARNING, PROBLEM)}
    return f"{counts[OK]} ok, {_plural(counts[WARNING], WARNING)}, " + _plural(
        counts[PROBLEM], PROBLEM
    )


def to_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as plain JSON values, after their numbers."""
    return {
        "warnings": _count(findings, WARNING),
        "problems": _count(findings, PROBLEM),
        "findings": [dataclasses.asdict(finding) for finding in findings],
    }


def _count(findings: Sequence[Finding], status: str) -> int:
    return sum(finding.status == status for finding in findings)


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")
