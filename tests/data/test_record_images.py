"""RecordImages: random access, and whatever can be wrong with the files."""

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from gan_knowledge_gaps.data import DATASETS
from gan_knowledge_gaps.data.records import RecordImages
from gan_knowledge_gaps.data.records.verification import check_pixels, damaged_shards

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def records(pictures, converted) -> Path:
    return converted(pictures)


@pytest.fixture
def expected(pictures) -> np.ndarray:
    return DATASETS["folder"](pictures, 8, 3)[0].read(np.arange(11))


def test_it_reads_in_any_order(records, expected):
    images = RecordImages(records)
    assert (len(images), images.shape) == (11, (8, 8, 3))
    for indices in ([], [10], [3, 0, 3, 10], list(range(11)) * 9):
        read = images.read(np.array(indices, np.int64))
        assert read.dtype == np.uint8
        assert np.array_equal(read, expected[indices])


def test_it_reads_in_several_threads_at_once(records, expected):
    images = RecordImages(records)
    orders = [np.random.default_rng(seed).integers(0, 11, 40) for seed in range(20)]
    with ThreadPoolExecutor(4) as pool:
        for order, read in zip(orders, pool.map(images.read, orders), strict=True):
            assert np.array_equal(read, expected[order])


@pytest.mark.parametrize("indices", [[-1], [11], [0.0], [[0]], 0], ids=str)
def test_other_indices_are_refused(records, indices):
    with pytest.raises(IndexError):
        RecordImages(records).read(np.array(indices))


def test_it_needs_no_tensorflow(records):
    code = (
        "import sys; from gan_knowledge_gaps.data import load\n"
        "from gan_knowledge_gaps.data.records import RecordImages\n"
        "RecordImages(sys.argv[1]).read([3]); load('records', sys.argv[1])\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(records)], cwd=ROOT, check=True)


# Of the second record in a shard: the first byte of each region, and the last of the payload.
REGIONS = {"length": 0, "length's CRC": 8, "payload": 12, "end of payload": -5, "CRC": -4}


@pytest.mark.parametrize("region", REGIONS)
def test_a_flipped_byte_in_any_region_is_noticed(records, input_error, expected, region):
    index = json.loads((records / "index-00001-of-00003.json").read_text())
    shard = records / "images-00001-of-00003"
    contents = bytearray(shard.read_bytes())
    place = REGIONS[region] % index["length"][1] + index["offset"][1]
    contents[place] ^= 1
    shard.write_bytes(contents)
    images = RecordImages(records)
    others = [i for i in range(11) if i != 4]
    assert np.array_equal(images.read(others), expected[others])
    message = input_error(images.read, [0, 4])
    assert message.startswith(f"{shard} is damaged at image 4: python -m data.verify")
    [line] = damaged_shards(records)
    assert line.startswith(f"{shard}: ") and line.endswith("at images 1")


def test_a_sound_folder_is_sound(records):
    counts = []
    assert damaged_shards(records, counts.append) == []
    assert counts == [3, 4, 4]
    check_pixels(records, counts.append)
    assert counts[3:] == [11]


def test_a_shard_that_is_cut_short_or_longer(records, input_error):
    shard = records / "images-00002-of-00003"
    contents = shard.read_bytes()
    for other in (contents[:-1], contents + b"x"):
        shard.write_bytes(other)
        message = input_error(RecordImages, records)
        assert message.startswith(f"{shard} has {len(other):,} bytes instead of {len(contents):,}")
        assert len(damaged_shards(records)) == 1


def test_a_shard_that_is_cut_short_while_it_is_open(records, input_error):
    images = RecordImages(records)
    shard = records / "images-00002-of-00003"
    shard.write_bytes(shard.read_bytes()[:-1])
    assert "is damaged at image 10" in input_error(images.read, [10])
    shard.unlink()
    assert f"cannot read {shard}: No such file" in input_error(images.read, [10])


def test_missing_files(records, input_error):
    (records / "images-00000-of-00003").unlink()
    assert "images-00000-of-00003 is missing" in input_error(RecordImages, records)
    assert "No such file" in damaged_shards(records)[0]
    (records / "manifest.json").unlink()
    assert f"no manifest.json in {records}" in input_error(RecordImages, records)
    assert "no manifest.json" in input_error(damaged_shards, records)


def test_a_missing_or_foreign_index(records, pictures, converted, input_error):
    path = records / "index-00001-of-00003.json"
    other = converted(pictures, "other", resize_filter="box") / path.name
    path.write_bytes(other.read_bytes())
    assert "is of another conversion than the manifest" in input_error(RecordImages, records)
    path.unlink()
    assert f"cannot read {path}: No such file" in input_error(RecordImages, records)
    assert damaged_shards(records) == [f"cannot read {path}: No such file or directory"]


@pytest.mark.parametrize("name", ["manifest.json", "index-00000-of-00003.json"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda contents: contents[:-20],
        lambda contents: b"",
        lambda contents: b"\xff" + contents,
        lambda contents: b"[]",
        lambda contents: b"{}",
        lambda contents: contents.replace(b'"images": ', b'"images": 1', 1),
        lambda contents: contents.replace(b"11", b"12", 1),
    ],
    ids=["cut", "empty", "not UTF-8", "list", "no entries", "changed number", "changed digit"],
)
def test_a_damaged_description_is_not_believed(records, input_error, name, damage):
    path = records / name
    damaged = damage(path.read_bytes())
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    message = input_error(RecordImages, records)
    assert message.startswith(f"{path} is damaged")
    assert message.endswith(": convert again")


def test_records_of_another_version_are_refused(records, input_error):
    path = records / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["parameters"]["format_version"] = 2
    checksum = manifest.pop("sha256_of_the_rest")
    expected = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps({**manifest, "sha256_of_the_rest": expected}))
    assert expected != checksum
    assert f"{path} is of format 2, not 1" in input_error(RecordImages, records)


def test_pixels_that_decode_otherwise_are_noticed(records, input_error, monkeypatch):
    read = RecordImages.read
    monkeypatch.setattr(RecordImages, "read", lambda self, indices: read(self, indices) ^ 1)
    assert "decode to other pixels here" in input_error(check_pixels, records)
