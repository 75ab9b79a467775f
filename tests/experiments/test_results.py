"""The committed results are those of the preset that documents say made them."""

import json
from pathlib import Path

import pytest

from gan_knowledge_gaps.lab import presets

FACES = sorted((Path(__file__).parents[2] / "results/faces/small_cnn").glob("*/report.json"))


@pytest.mark.parametrize("path", FACES, ids=lambda path: path.parent.name)
def test_reduced_stylegan2_is_that_of_the_results(path):
    recorded = json.loads(path.read_text())["configuration"]
    reduced = json.loads(json.dumps(presets("stylegan2")["reduced"].to_json()))
    assert {name: recorded[name] for name in reduced} == reduced


def test_there_are_results():
    assert len(FACES) >= 7
