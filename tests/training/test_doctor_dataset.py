"""The doctor on data: folders, zips, records, damaged ones included."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data.records.conversion import Conversion
from gan_knowledge_gaps.data.records.options import ConvertOptions
from gan_knowledge_gaps.data.sources import open_source
from gan_knowledge_gaps.training.doctor import dataset
from gan_knowledge_gaps.training.doctor.check import OK, PROBLEM, WARNING


@pytest.fixture
def folder(tmp_path) -> Path:
    """8 PNG files of 20x16, and 2 of 10x12."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    for i in range(10):
        shape = (16, 20, 3) if i < 8 else (12, 10, 3)
        Image.fromarray(random.integers(0, 256, shape, np.uint8)).save(folder / f"{i}.png")
    return folder


def summary(checks) -> dict[str, tuple[str, str]]:
    return {check.name: (check.status, check.found) for check in checks}


def test_a_good_folder_and_its_zip(folder, tmp_path):
    archive = tmp_path / "pictures.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in folder.iterdir():
            file.write(path, path.name)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    for path, kind in ((folder, "folder"), (archive, "zip")):
        found = summary(dataset.checks(str(path)))
        assert found["Data"] == (OK, f"10 pictures ({kind}), {size:.1f} MB")
        assert found["Pictures"] == (OK, "10 of 10 decoded, of 10x12 to 20x16")
        assert found["JPEG"] == (OK, "0% of the pictures were JPEG files once")


def test_a_damaged_picture_is_named(folder):
    path = folder / "3.png"
    path.write_bytes(path.read_bytes()[:200])
    found = summary(dataset.checks(str(folder)))
    status, text = found["Pictures"]
    assert status == PROBLEM
    assert text.startswith("10 of 10 decoded, 1 cannot be read: cannot read ")
    assert str(path) in text


def test_a_sample_is_spread_over_all_and_ends_in_time(folder):
    source = open_source(str(folder))
    read = []
    original, source.read = source.read, lambda i: read.append(i) or original(i)
    assert dataset.sample(source, count=4).found.startswith("4 of 10 decoded")
    assert sorted(read) == [0, 3, 6, 9]
    read.clear()
    assert dataset.sample(source, seconds=-1).found.startswith("0 of 10 decoded")
    assert read == []


@pytest.mark.parametrize(
    ("files", "status"), [(0, OK), (1, OK), (2, WARNING), (98, WARNING), (100, OK)]
)
def test_a_mixture_of_formats_is_told(files, status):
    assert dataset.jpeg(files, 100).status == status


def test_a_mixture_is_counted_by_contents(folder):
    (folder / "0.png").rename(folder / "0.JPG")  # PNG inside
    Image.open(folder / "1.png").save(folder / "1.png", "JPEG")
    status, text = summary(dataset.checks(str(folder)))["JPEG"]
    assert (status, text[:4]) == (WARNING, "10% ")


def test_records_are_read_to_the_last_byte(folder, tmp_path):
    records = tmp_path / "records"
    options = {"resolution": 8, "shards": 2}
    with Conversion(ConvertOptions(str(folder), str(records), **options)) as conversion:
        conversion.run()
    status, text = summary(dataset.checks(str(records)))["Data"]
    assert status == OK
    assert text.startswith("10 images of 8x8x3 in 2 shards, ")
    shard = records / "images-00001-of-00002"
    contents = bytearray(shard.read_bytes())
    contents[-1] ^= 1
    shard.write_bytes(contents)
    (check,) = dataset.checks(str(records))
    assert check.status == PROBLEM
    assert check.found.startswith(f"1 of 2 shards are damaged: {shard}: its contents differ")
    assert "python -m data.convert" in check.advice


def test_what_is_no_data_is_a_problem(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        (check,) = dataset.checks(str(path))
        assert (check.name, check.status) == ("Data", PROBLEM)
        assert str(path) in check.found


def test_what_is_passed_over_and_classes_are_said(folder):
    (folder / "notes.txt").write_text("")
    labels = [[f"{i}.png", i % 2] for i in range(10)]
    (folder / "dataset.json").write_text(json.dumps({"labels": labels}))
    _, found = summary(dataset.checks(str(folder)))["Data"]
    assert "2 classes: 0 (5 pictures), 1 (5)" in found
    assert found.endswith("1 files of it are passed over: 1 .txt")
