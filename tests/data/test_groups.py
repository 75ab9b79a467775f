"""Related pictures stay on one side of the split."""

import shutil

import numpy as np
import pytest
from related_pictures import write_persons

from gan_knowledge_gaps.data import load, open_path, split_indices
from gan_knowledge_gaps.data.groups import groups_of
from gan_knowledge_gaps.data.records import RecordImages
from gan_knowledge_gaps.data.split import split_groups, taken_groups

PATHS = ["all/ann/1.png", "all/ann/v2/2.png", "all/bob/1.png", "all/3.png"]


def test_folder_is_the_first_folder_in_which_paths_differ():
    assert groups_of(PATHS, "folder", "x").tolist() == ["ann", "ann", "bob", "all/3.png"]
    alone = groups_of(["a/1.png", "a/2.png"], "folder", "x")
    assert alone.tolist() == ["a/1.png", "a/2.png"]  # the one folder tells nothing apart


def test_a_pattern_groups_by_what_it_captures():
    paths = ["id3_7.png", "id3_8.png", "id12_1.png", "other.png"]
    assert groups_of(paths, r"id(\d+)_", "x").tolist() == ["3", "3", "12", "other.png"]


def test_a_file_tells_sets_apart_by_their_name(tmp_path):
    table = tmp_path / "groups.csv"
    table.write_text('0.png,ann\ngan/0.png,bob\n"x, y.png",ann\n')
    paths = ["0.png", "x, y.png", "z.png"]
    assert groups_of(paths, str(table), "/sets/photos").tolist() == ["ann", "ann", "z.png"]
    assert groups_of(paths, str(table), "/sets/gan/").tolist() == ["bob", "ann", "z.png"]


@pytest.mark.parametrize(
    ("rule", "content", "message"),
    [
        ("folders", None, "a regular expression with a (group)"),
        ("person(", None, "no regular expression"),
        (r"video(\d+)", None, "finds no group"),
        ("gone.csv", None, "cannot read"),
        ("a.csv", "0.png\n", "0.png"),
        ("a.csv", "", "is empty"),
        ("a.csv", "0.png,1\n0.png,2\n", "twice"),
        ("a.csv", "9.png,1\n", "finds no group"),
    ],
)
def test_a_rule_that_cannot_be_right_is_one_line(
    tmp_path, monkeypatch, input_error, rule, content, message
):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / rule).write_text(content)
    assert message in input_error(groups_of, ["0.png", "1.png"], rule, "photos")


def test_no_group_is_split_and_a_groups_side_is_its_own():
    random = np.random.default_rng(0)
    groups = np.array([f"person {number}" for number in random.integers(0, 500, 4000)])
    train, evaluation = split_groups(groups)
    assert sorted([*train, *evaluation]) == list(range(4000))
    sides = set(groups[train]), set(groups[evaluation])
    assert not sides[0] & sides[1]
    assert abs(len(sides[1]) / 500 - 0.2) < 4 * (0.16 / 500) ** 0.5
    # A set of some of the persons, in another order, splits them alike.
    some = random.permutation(groups)[:300]
    assert set(some[split_groups(some)[0]]) <= sides[0]
    assert set(some[split_groups(some)[1]]) <= sides[1]


@pytest.mark.parametrize("count", [2, 3, 4])
def test_few_groups_still_fall_on_both_sides(count):
    for start in range(50):
        groups = np.array([f"video {start + i}" for i in range(count)])
        assert all(len(part) for part in split_groups(groups))


def test_one_group_is_refused(input_error):
    assert "at least two" in input_error(split_groups, np.array(["a"] * 9))


def test_validation_is_another_choice_than_evaluation():
    groups = np.array([f"{number}" for number in range(2000)])
    train = groups[split_groups(groups)[0]]
    assert taken_groups(train, 0.1, 1).mean() == pytest.approx(0.1, abs=0.03)


def test_without_groups_the_split_is_as_ever(tmp_path):
    dataset = load("folder", write_persons(tmp_path / "set", range(4), 3), resolution=8)
    for part, expected in zip(dataset.parts, split_indices(12), strict=True):
        np.testing.assert_array_equal(part, expected)
    assert dataset.groups is None


def test_records_keep_the_groups_and_split_as_the_folder(tmp_path, converted, input_error):
    folder = write_persons(tmp_path / "persons", range(12), 3)
    expected = open_path(folder, 8, 3, groups="folder").dataset
    train, _ = (part // 3 for part in expected.parts)  # which person
    assert not set(train) & set(expected.parts[1] // 3)
    records = converted(folder, groups="folder")
    kept = open_path(str(records), 8, 3).dataset
    plain = converted(folder, "plain")
    by_name = open_path(str(plain), 8, 3, groups="folder").dataset
    assert kept.fingerprint == by_name.fingerprint == expected.fingerprint
    assert kept.groups.tolist() == expected.groups.tolist()
    assert open_path(str(plain), 8, 3).dataset.groups is None
    assert "groups" not in RecordImages(plain).manifest
    np.testing.assert_array_equal(
        kept.whole.read(np.arange(36)), RecordImages(plain).read(np.arange(36))
    )
    for output, groups in (("records", None), ("plain", "folder"), ("records", r"n(\d)")):
        assert "other --groups" in input_error(converted, folder, output, groups=groups)
    shutil.rmtree(records)
    assert "at least two" in input_error(converted, folder, "records", groups="(person)")
    assert not records.exists()
