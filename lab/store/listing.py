"""The inventory of a workdir as text."""

import time
from collections.abc import Sequence
from pathlib import Path

from gan_knowledge_gaps.lab.store.inventory import PARTS, STATISTICS, Entry, size_of

_UNITS = ("B", "kB", "MB", "GB", "TB")
_AGES = ((86400, "d"), (3600, "h"), (60, "min"))


def listing(workdir: Path, entries: Sequence[Entry]) -> str:
    """A line for each artifact: state, bytes of its parts, and what it is; and their sums."""
    header = ("artifact", "state", *PARTS, "total", "age", "what")
    totals = [bytes_text(sum(entry.sizes[part] for entry in entries)) for part in PARTS]
    artifacts, statistics = sum(entry.bytes for entry in entries), size_of([workdir / STATISTICS])
    empty = [""] * len(PARTS)
    return _table(
        [
            header,
            *map(_row, entries),
            (f"{len(entries)} artifacts", "", *totals, bytes_text(artifacts), "", ""),
            ("statistics", "", *empty, bytes_text(statistics), "", ""),
        ]
    )


def _row(entry: Entry) -> tuple[str, ...]:
    sizes = [bytes_text(entry.sizes[part]) for part in PARTS]
    age = age_text(time.time() - entry.changed)
    return (entry.key, entry.state, *sizes, bytes_text(entry.bytes), age, entry.artifact.label)


def _table(rows: list[tuple[str, ...]]) -> str:
    """Columns of text: numbers to the right, names to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    names = (0, 1, len(widths) - 1)
    lines = (
        "  ".join(
            cell.ljust(width) if column in names else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def bytes_text(count: int) -> str:
    """Bytes in a unit of 1,000: 999 B, 1.5 kB."""
    size, unit = float(count), 0
    while round(size, 1) >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.{min(unit, 1)}f} {_UNITS[unit]}"


def age_text(seconds: float) -> str:
    """How long ago, in the largest unit."""
    for length, unit in _AGES:
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return "now"
