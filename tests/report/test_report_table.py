import math

import numpy as np
import pytest

from gan_knowledge_gaps.report import Measurement, Table


def table(**changes):
    fields = {
        "name": "rates",
        "title": "Rates",
        "caption": "",
        "row_label": "Classifier",
        "column_label": "GAN",
        "rows": ("a", "b"),
        "columns": ("x", "y"),
        "cells": ((0.0, 1.0), (2.0, 3.0)),
    }
    return Table(**fields | changes)


def test_cells_are_shown_by_what_they_are():
    cells = (
        (Measurement((0.1, 0.3)), None),
        (12345, "failed"),
        (0.126, math.nan),
        (np.float32(0.5), np.int64(7)),
    )
    shown = table(rows=tuple("abcd"), cells=cells).texts()
    assert shown == (("0.20±0.10", "—"), ("12,345", "failed"), ("0.13", "n/a"), ("0.50", "7"))


def test_digits_are_chosen_by_the_table():
    assert table(digits=1).texts() == (("0.0", "1.0"), ("2.0", "3.0"))


def test_instances_are_stated_once_where_all_cells_have_as_many():
    pairs = Measurement((0.0, 1.0))
    uniform = table(cells=((pairs, pairs), (Measurement(), None)), instances="pairs")
    assert uniform.texts()[0] == ("0.50±0.50", "0.50±0.50")
    assert uniform.spread() == "mean ± population std, n = 2 (pairs)"


def test_instances_are_stated_in_each_cell_where_they_differ():
    one, two = Measurement((0.5,)), Measurement((0.0, 1.0))
    mixed = table(cells=((one, two), (Measurement(), 1.0)))
    assert mixed.texts() == (("0.50 (n=1)", "0.50±0.50 (n=2)"), ("n/a", "1.00"))
    assert mixed.spread() == "mean ± population std over n instances"


def test_a_single_instance_has_no_spread_and_numbers_alone_need_no_note():
    one = Measurement((0.5,))
    assert table(cells=((one, one), (one, one))).spread() == "n = 1 (instances)"
    assert table().spread() == ""


def test_paper_may_be_a_grid_or_a_mapping():
    grid = table(paper=[["0.1", None], ["0.3", "0.4"]])
    mapping = table(paper={("a", "x"): "0.1", ("b", "x"): "0.3", ("b", "y"): "0.4"})
    assert grid == mapping
    assert mapping.paper_texts() == (("0.1", "—"), ("0.3", "0.4"))
    assert table().paper_texts() == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"cells": ((0.0, 1.0),)},
        {"cells": ((0.0,), (1.0,))},
        {"paper": (("0.1", "0.2"), ("0.3",))},
        {"rows": ("a", "a")},
        {"columns": ("x", "x")},
        {"name": "../elsewhere"},
        {"name": ""},
    ],
)
def test_what_does_not_fit_is_refused(changes):
    with pytest.raises(ValueError):
        table(**changes)


def test_a_number_of_the_papers_needs_a_cell():
    with pytest.raises(KeyError, match="Resnet"):
        table(paper={("Resnet", "x"): "0.1"})
