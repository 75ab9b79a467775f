"""Labels of one's own pictures: dataset.json and class folders, from folders, zips and records."""

import json

import commands
import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import RecordImages, load, open_path
from gan_knowledge_gaps.data.labels import describe_labels
from gan_knowledge_gaps.data.sources import open_images

CLASSES = {"10": 3, "2": 4, "apple": 5}  # pictures of each; sorted 2, 10, apple
EXPECTED = [0] * 4 + [1] * 3 + [2] * 5


@pytest.fixture
def folder(tmp_path):
    """Pictures in class folders, each of one grey level: 100 times its class plus its number."""
    for number, name in enumerate(("2", "10", "apple")):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(CLASSES[name]):
            level = 100 * number + i
            Image.new("L", (8, 8), level).save(tmp_path / "set" / name / f"{i}.png")
    return tmp_path / "set"


def write_labels(folder, labels):
    (folder / "dataset.json").write_text(json.dumps({"labels": labels}))


def pairs(folder) -> list[list]:
    """As StyleGAN2-ADA writes them: the class is that of the grey level."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    return [[name, {"2": 0, "10": 1, "apple": 2}[name.partition("/")[0]]] for name in names]


def check(dataset):
    """Whether the labels of both parts are those that the grey levels say."""
    for images, labels in (
        (dataset.train, dataset.train_labels), (dataset.evaluation, dataset.evaluation_labels),
    ):  # fmt: skip
        levels = images.read(np.arange(len(images)))[:, 0, 0, 0]
        np.testing.assert_array_equal(labels, levels // 100)
        assert labels.dtype == np.int64
    assert len(dataset.train) + len(dataset.evaluation) == 12


@pytest.mark.parametrize("labels", ["dataset.json", None, "folders"])
@pytest.mark.parametrize("kind", ["folder", "zip", "records"])
def test_labels_reach_the_data_set(folder, zip_of, converted, kind, labels):
    if labels != "folders":
        write_labels(folder, pairs(folder))
    path = zip_of(folder) if kind == "zip" else folder
    if kind == "records":
        path, labels = converted(folder, channels=1, labels=labels), None
        assert RecordImages(path).labels.tolist() == EXPECTED
    check(open_path(str(path), 8, 1, labels=labels).dataset)


@pytest.mark.parametrize("labels", [None, "none"])
def test_without_labels(folder, labels):
    before = load("folder", str(folder)).fingerprint
    write_labels(folder, pairs(folder) if labels else None)
    dataset = load("folder", str(folder), labels=labels)
    assert dataset.train_labels is None
    assert dataset.fingerprint == before


def test_other_labels_are_another_conversion(folder, converted, input_error):
    converted(folder, labels="folders")
    assert "other files or labels" in input_error(converted, folder)
    assert "other files or labels" in input_error(converted, folder, labels="none")


def test_labels_go_with_their_pictures_where_bad_ones_are_left_out(folder, converted):
    (folder / "2/1.png").write_bytes(b"bad")
    records = converted(folder, channels=1, labels="folders", skip_bad=True)
    assert RecordImages(records).labels.tolist() == EXPECTED[1:]


BAD = {
    "missing": (lambda pairs: [*pairs, ["gone.png", 1]], "1 pictures are not there"),
    "unnamed": (lambda pairs: pairs[1:], "1 pictures have no class, such as 10/0.png"),
    "twice": (lambda pairs: [*pairs, pairs[0]], "1 pictures are named twice"),
    "negative": (lambda pairs: [[pairs[0][0], -1], *pairs[1:]], "10/0.png is -1; it must be"),
    "not whole": (lambda pairs: [[pairs[0][0], 0.5], *pairs[1:]], "is 0.5; it must be a whole"),
    "true": (lambda pairs: [[pairs[0][0], True], *pairs[1:]], "is True; it must be a whole"),
    "vectors": (lambda pairs: [[name, [0.0, 1.0]] for name, _ in pairs], "is [0.0, 1.0]; it"),
    "too many": (lambda pairs: [[pairs[0][0], 10**9], *pairs[1:]], "0 to 99,999"),
    "no pairs": (lambda pairs: [label for _, label in pairs], "1 is no pair of a file's name"),
    "no list": (lambda pairs: dict(pairs), 'needs {"labels": [[FILE, CLASS], ...]}'),
    "empty": (lambda pairs: [], "12 pictures have no class"),
    "long": (lambda pairs: [["x" * 9000, "y" * 9000]], "..."),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_label_file_is_one_line(folder, zip_of, input_error, name):
    change, message = BAD[name]
    write_labels(folder, change(pairs(folder)))
    for path in (folder, zip_of(folder)):
        found = input_error(open_images, str(path))
        assert found.startswith(f"dataset.json in {path}: ")
        assert message in found
        assert len(found) < len(str(path)) + 300


@pytest.mark.parametrize("contents", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b"7"])
def test_a_label_file_that_is_no_json_object(folder, input_error, contents):
    (folder / "dataset.json").write_bytes(contents)
    assert input_error(open_images, str(folder)).startswith(f"dataset.json in {folder}: ")


def test_labels_that_are_not_there(folder, input_error):
    assert "there is no dataset.json" in input_error(load, "folder", folder, labels="dataset.json")
    Image.new("L", (8, 8)).save(folder / "outside.png")
    message = input_error(load, "folder", str(folder), labels="folders")
    assert "1 pictures" in message and "outside.png" in message
    assert "must be one of" in input_error(load, "folder", str(folder), labels="x")


def test_counts_of_classes():
    assert describe_labels(np.array([4, 0, 0, 2])) == "3 classes: 0 (2 pictures), 2 (1), 4 (1)"
    assert describe_labels(np.arange(99)).endswith(", 9 (1), ...")


def test_the_command_says_which_folder_is_which_class(folder, tmp_path):
    output = tmp_path / "records"
    line = ("data.convert", f"--source={folder}", f"--output={output}", "--resolution=8")
    done = commands.run("-m", *line, "--labels=folders")
    assert (done.returncode, done.stderr) == (
        0,
        "3 classes: 0 = 2 (4 pictures), 1 = 10 (3), 2 = apple (5)\n",
    )
    (folder / "notes.txt").write_text("")
    done = commands.run("-m", *line, "--labels=folders")
    assert done.stderr.startswith(f"1 files of {folder} are passed over: 1 .txt\n3 classes")
