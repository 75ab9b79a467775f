"""A table as CSV, JSON, Markdown and plain text."""

import csv
import io
import json
import re

from gan_knowledge_gaps.report.plain import plain
from gan_knowledge_gaps.report.table import Cell, Table
from gan_knowledge_gaps.report.values import Measurement

Grid = tuple[tuple[str, ...], ...]

CSV_FIELDS = ("row", "column", "value", "std", "count", "paper")


def to_csv(table: Table) -> str:
    """Tidy CSV: one line per cell, numbers at full precision, empty where there is none.

    Fields: row, column, value (the mean, of a measurement), std and count (of a measurement only)
    and paper (the paper's number as printed).
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_FIELDS)
    for r, row in enumerate(table.rows):
        for c, column in enumerate(table.columns):
            paper = table.paper_grid()[r][c] if table.paper else None
            numbers = map(plain, _numbers(table.cells[r][c]))
            writer.writerow([row, column, *numbers, paper])
    return text.getvalue()


def _numbers(cell: Cell) -> tuple[Cell, float | None, int | None]:
    if isinstance(cell, Measurement):
        return cell.mean, cell.std, cell.count
    return cell, None, None


def to_value(table: Table) -> dict[str, object]:
    """The table as a value for JSON: all fields, measurements with each instance's value."""
    value = plain(table)
    value["cells"] = [[_cell_value(cell) for cell in line] for line in table.cells]
    return value


def _cell_value(cell: Cell) -> object:
    if isinstance(cell, Measurement):
        summary = {"mean": cell.mean, "std": cell.std, "count": cell.count}
        return plain(summary | {"values": cell.values})
    return plain(cell)


def to_json(table: Table) -> str:
    """`to_value` as strict JSON: NaN and infinity are null."""
    return json.dumps(to_value(table), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_markdown(table: Table) -> str:
    """Title, caption, our numbers laid out as the paper's table, then the paper's numbers."""
    blocks = [f"### {_escape(table.title)}", _escape(table.caption)]
    blocks += [_markdown_grid(table, table.texts()), _escape(_footer(table))]
    if table.paper:
        blocks += [f"**{_escape(_paper_heading(table))}**"]
        blocks += [_markdown_grid(table, table.paper_texts())]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _markdown_grid(table: Table, grid: Grid) -> str:
    labels = ((table.row_label, "↓"), (table.column_label, "→"))
    corner = " ".join(f"{label} {arrow}" for label, arrow in labels if label)
    lines = [(corner, *table.columns)]
    lines += [(row, *texts) for row, texts in zip(table.rows, grid, strict=True)]
    rendered = [f"| {' | '.join(map(_escape, line))} |" for line in lines]
    rule = f"|{' --- |'}{' ---: |' * len(table.columns)}"
    return "\n".join([rendered[0], rule, *rendered[1:]])


def _escape(text: str) -> str:
    return re.sub(r"([\\|<*`])", r"\\\1", " ".join(text.split()))


def to_text(table: Table) -> str:
    """The table for a terminal: aligned columns, then the paper's numbers likewise."""
    blocks = [table.title, _text_grid(table, table.texts()), _footer(table)]
    if table.paper:
        blocks += ["", _paper_heading(table), _text_grid(table, table.paper_texts())]
    return "\n".join(blocks).rstrip("\n") + "\n"


def _text_grid(table: Table, grid: Grid) -> str:
    lines: list[tuple[str, ...]] = [(table.row_label, *table.columns)]
    lines += [(row, *texts) for row, texts in zip(table.rows, grid, strict=True)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = tuple("-" * width for width in widths)
    rendered = [_aligned(line, widths) for line in (lines[0], rule, *lines[1:])]
    return "\n".join([" " * (widths[0] + 2) + table.column_label, *rendered])


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    first = line[0].ljust(widths[0])
    others = (text.rjust(width) for text, width in zip(line[1:], widths[1:], strict=True))
    return "  ".join([first, *others])


def _footer(table: Table) -> str:
    return ". ".join(part for part in (table.spread(), table.scope) if part)


def _paper_heading(table: Table) -> str:
    return f"Paper ({table.paper_scope})" if table.paper_scope else "Paper"
