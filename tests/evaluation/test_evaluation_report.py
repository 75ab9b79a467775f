"""The report of scores: its lines, and how it grows."""

import dataclasses
import json

import pytest

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.evaluation.evaluator import Score
from gan_knowledge_gaps.evaluation.report import add_to_report, line, read_report

CONDITIONS = {
    "network": "runs/a", "network_sha256": "00", "resolution": 8, "data": "pictures.zip",
    "data_fingerprint": "11", "protocol": "stylegan2", "split": "all", "filter": "box",
    "files": 1200, "jpeg_files": 7, "truncation": 0.7, "noise": "none", "seed": 3,
}  # fmt: skip


SCORE = Score(
    "FID", 3.14159265, None,
    {"generated": 50000, "natural": 3000, "repeats": 2.5, "mirrored": 1499,
     "features": "inception-2015-12-05", "features_sha256": "ab12"},
)  # fmt: skip


def test_a_line_says_what_the_score_was_taken_from():
    said = line(SCORE, CONDITIONS)
    assert said.startswith("FID: 3.1416  (50,000 generated, 3,000 natural of the split all of ")
    for part in (
        "pictures.zip, each 2.5 times, 1,499 mirrored, 8x8, filter box, 7 of 1,200 were JPEG files",
        "truncation 0.7", "protocol stylegan2", "noise none", "seed 3",
        "features inception-2015-12-05, SHA-256 ab12",
    ):  # fmt: skip
        assert part in said
    kid = Score("KID", 0.00123, 0.0004, {**SCORE.taken, "subsets": 100, "subset_size": 1000})
    assert line(kid, CONDITIONS).startswith("KID: 0.00123 +- 0.0004  (")
    assert "100 subsets of 1,000" in line(kid, CONDITIONS)
    once = Score("FID", 1.0, None, {**SCORE.taken, "repeats": 1.0, "mirrored": 0})
    assert "each once, none mirrored" in line(once, CONDITIONS)
    path = {"paths": 50000, "space": "z", "sampling": "full", "crop": True, "epsilon": 1e-4}
    path |= {"perceptual": "lpips", "perceptual_sha256": "cd34"}
    said = line(Score("ppl_zfull", 415.0, None, path), CONDITIONS)
    assert said.startswith("ppl_zfull: 415  (50,000 paths in Z, full, cropped, epsilon 0.0001, ")


def test_the_report_grows_and_is_never_lost(tmp_path):
    add_to_report(tmp_path, CONDITIONS, [SCORE], command="one")
    both = [SCORE, dataclasses.replace(SCORE, name="KID")]
    path = add_to_report(tmp_path, CONDITIONS | {"network": "b|c"}, both, command="two")
    evaluations = json.loads(path.read_text())["evaluations"]
    assert [each["command"] for each in evaluations] == ["one", "two"]
    assert evaluations[1]["figures"][0] == {
        "name": "FID", "value": 3.14159265, "deviation": None, **SCORE.taken
    }  # fmt: skip
    assert evaluations == read_report(tmp_path)
    table = (tmp_path / "evaluation.md").read_text().splitlines()
    assert len(table) == 2 + 3 and all(row.count("|") == 5 for row in table)
    assert table[2].startswith("| runs/a | FID | 3.1416 | 50,000 generated; 3,000 natural")
    path.write_text('{"evaluations": [{}]}')
    with pytest.raises(InputError, match=r"evaluation\.json is damaged: take it away"):
        add_to_report(tmp_path, CONDITIONS, [SCORE])
    assert path.read_text() == '{"evaluations": [{}]}'


def test_a_score_taken_again_replaces_the_old_one(tmp_path):
    kid = dataclasses.replace(SCORE, name="KID", deviation=0.1)
    add_to_report(tmp_path, CONDITIONS, [SCORE, kid], command="one")
    again = dataclasses.replace(SCORE, value=3.0)
    add_to_report(tmp_path, CONDITIONS, [again], command="two")
    values = [
        (each["command"], score["name"], score["value"])
        for each in read_report(tmp_path) for score in each["figures"]
    ]  # fmt: skip
    assert values == [("one", "KID", kid.value), ("two", "FID", 3.0)]
    # An evaluation whose scores were all replaced goes.
    add_to_report(tmp_path, CONDITIONS, [dataclasses.replace(kid, deviation=0.2)], command="three")
    assert [each["command"] for each in read_report(tmp_path)] == ["two", "three"]
    # Another network, protocol, number or seed is another score.
    for change in ({"network_sha256": "02"}, {"protocol": "split"}, {"seed": 4}):
        add_to_report(tmp_path, CONDITIONS | change, [SCORE])
    fewer = dataclasses.replace(SCORE, taken=SCORE.taken | {"natural": 10})
    add_to_report(tmp_path, CONDITIONS, [fewer])
    assert len(read_report(tmp_path)) == 6
    assert (tmp_path / "evaluation.md").read_text().count("| FID |") == 5


def test_reports_from_before_there_were_protocols_are_read(tmp_path):
    conditions = {name: value for name, value in CONDITIONS.items() if name != "protocol"}
    taken = {"generated": 50000, "natural": 1000, "features": "f", "features_sha256": "ab12"}
    path = {"paths": 9, "sampling": "endpoints", "epsilon": 1e-4, "perceptual": "d"}
    path["perceptual_sha256"] = "00"
    scores = [Score("FID", 3.0, None, taken), Score("PPL (W)", 9.0, None, path)]
    add_to_report(tmp_path, conditions, scores)
    add_to_report(tmp_path, CONDITIONS, [SCORE])
    assert len(read_report(tmp_path)) == 2
    table = (tmp_path / "evaluation.md").read_text()
    assert "protocol split" in table and "9 paths in W, endpoints, not cropped" in table


def test_a_sampler_that_is_no_network_has_fewer_words(tmp_path):
    own = ("network_sha256", "truncation", "noise", "seed")
    conditions = {name: value for name, value in CONDITIONS.items() if name not in own}
    add_to_report(tmp_path, conditions | {"jpeg_files": None}, [SCORE])
    table = (tmp_path / "evaluation.md").read_text()
    assert "unknown of 1,200 were JPEG files" in table
    assert "truncation" not in table and "seed" not in table
