import csv
import io
import json
import math
import re

import pytest

from gan_knowledge_gaps.report import Measurement, Table, to_csv, to_json, to_markdown, to_text

VALUES = (0.1, 0.25, 1 / 3)


@pytest.fixture
def table():
    return Table(
        name="rates",
        title="Rates | of <b>detection</b>",
        caption="A caption\nof two lines.",
        row_label="Classifier",
        column_label="GAN",
        rows=("ResNet-50", 'with "quotes", commas'),
        columns=("x|y", "second", "third"),
        cells=((Measurement(VALUES), Measurement(), math.nan), (7, "failed", None)),
        paper=(("0.05±0.02", None, "0.50±0.39"), (None, "0.53±0.34", None)),
        paper_scope="FFHQ",
        scope="digits, quick",
    )


def refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


def cells_of(line):
    """Cells of a Markdown table's line, split at bars that are not escaped."""
    assert line.startswith("| ")
    assert line.endswith(" |")
    return re.split(r" (?<!\\)\| ", line[2:-2])


def test_csv_holds_every_cell_at_full_precision(table):
    lines = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert list(lines[0]) == ["row", "column", "value", "std", "count", "paper"]
    assert [(line["row"], line["column"]) for line in lines] == [
        (row, column) for row in table.rows for column in table.columns
    ]
    first = lines[0]
    assert float(first["value"]) == Measurement(VALUES).mean
    assert float(first["std"]) == Measurement(VALUES).std
    assert first["count"] == "3"
    assert [line["value"] for line in lines[1:]] == ["", "", "7", "failed", ""]
    assert [line["count"] for line in lines[1:]] == ["0", "", "", "", ""]
    assert [line["paper"] for line in lines] == ["0.05±0.02", "", "0.50±0.39", "", "0.53±0.34", ""]


def test_json_is_strict_and_holds_every_instance(table):
    value = json.loads(to_json(table), parse_constant=refuse)
    measured, empty, nan = value["cells"][0]
    assert measured["values"] == list(VALUES)
    assert measured["mean"] == pytest.approx(sum(VALUES) / 3)
    assert measured["count"] == 3
    assert empty == {"mean": None, "std": None, "count": 0, "values": []}
    assert nan is None
    assert value["cells"][1] == [7, "failed", None]
    assert value["paper"] == [["0.05±0.02", None, "0.50±0.39"], [None, "0.53±0.34", None]]
    assert value["title"] == table.title
    assert value["scope"] == "digits, quick"


def test_markdown_has_our_table_and_the_papers(table):
    text = to_markdown(table)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    ours, paper = lines[:4], lines[4:]
    for part in (ours, paper):
        assert cells_of(part[0]) == ["Classifier ↓ GAN →", r"x\|y", "second", "third"]
        assert cells_of(part[1]) == ["---", "---:", "---:", "---:"]
    assert cells_of(ours[2]) == ["ResNet-50", "0.23±0.10", "n/a", "n/a"]
    assert cells_of(ours[3]) == ['with "quotes", commas', "7", "failed", "—"]
    assert cells_of(paper[2]) == ["ResNet-50", "0.05±0.02", "—", "0.50±0.39"]
    assert text.index(ours[3]) < text.index("**Paper (FFHQ)**") < text.index(paper[2])
    assert "n = 3 (instances). digits, quick" in text


def test_markdown_lets_no_markup_through(table):
    heading, _, caption = to_markdown(table).splitlines()[:3]
    assert heading == r"### Rates \| of \<b>detection\</b>"
    assert caption == "A caption of two lines."


def test_text_aligns_its_columns(table):
    ours, paper = to_text(table).split("\n\n")
    grid = ours.splitlines()[2:6]
    assert len({len(line) for line in grid}) == 1
    ends = (("0.23±0.10", "7"), ("n/a", "failed"), ("n/a", "—"))
    for name, (measured, last) in zip(table.columns, ends, strict=True):
        end = grid[0].index(name) + len(name)
        assert grid[2][:end].endswith(measured)
        assert grid[3][:end].endswith(last)
    assert paper.startswith("Paper (FFHQ)\n")
    assert "0.50±0.39" in paper


def test_without_the_papers_numbers_there_is_one_table():
    plain = Table("t", "T", "", "Row", "", ("r",), ("c",), ((0.5,),))
    assert to_text(plain).split() == ["T", "Row", "c", "---", "----", "r", "0.50"]
    assert "Paper" not in to_markdown(plain)
    assert cells_of(to_markdown(plain).splitlines()[2]) == ["Row ↓", "c"]
