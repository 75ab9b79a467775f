"""Data sets that are decoded as they are read, and those that are held in memory."""

import numpy as np
import pytest

from gan_knowledge_gaps.data import ArrayImages, load, split_indices
from gan_knowledge_gaps.data import datasets as datasets_module
from gan_knowledge_gaps.data.images import Subset
from gan_knowledge_gaps.data.records import RecordImages


def read_all(images):
    return images.read(np.arange(len(images)))


@pytest.fixture
def large(monkeypatch):
    """Makes every set larger than what is held in memory."""
    monkeypatch.setattr(datasets_module, "MEMORY_BYTES", 100)


@pytest.mark.parametrize("resize_filter", ["lanczos", "box"])
def test_a_folder_a_zip_and_their_records_are_the_same(pictures, zip_of, converted, resize_filter):
    records = load("records", converted(pictures, resize_filter=resize_filter))
    for source in (pictures, zip_of(pictures)):
        as_it_is = load("folder", source, resolution=8, channels=3, resize_filter=resize_filter)
        assert as_it_is.fingerprint == records.fingerprint
        for part in ("train", "evaluation"):
            there, here = getattr(records, part), getattr(as_it_is, part)
            assert np.array_equal(read_all(there), read_all(here))


def test_a_large_set_has_the_same_pixels_and_is_not_held(pictures, converted, large, monkeypatch):
    folder = converted(pictures)
    lazy = {
        "folder": load("folder", pictures, resolution=8, channels=3),
        "records": load("records", folder),
    }
    monkeypatch.undo()
    held = load("records", folder)
    for name, dataset in lazy.items():
        for part in ("train", "evaluation"):
            images = getattr(dataset, part)
            assert isinstance(images, Subset), name
            assert isinstance(getattr(held, part), ArrayImages)
            assert np.array_equal(read_all(images), read_all(getattr(held, part))), name
    assert len({lazy["folder"].fingerprint, lazy["records"].fingerprint, held.fingerprint}) == 3


def test_large_records_keep_their_labels(mnist_folder, converted, large):
    folder = converted(mnist_folder, resolution=28, channels=1)
    dataset, mnist = load("records", folder), load("mnist", mnist_folder)
    assert dataset.image_shape == (28, 28, 1)
    assert np.array_equal(read_all(dataset.train), read_all(mnist.train))
    assert dataset.evaluation_labels.tolist() == mnist.evaluation_labels.tolist()


def test_a_large_folder_is_decoded_when_it_is_read(pictures, large, input_error):
    (pictures / "4.png").write_bytes(b"")
    dataset = load("folder", pictures, resolution=8, channels=3)
    part, others = dataset.train, dataset.evaluation
    if 4 in split_indices(11)[1]:
        part, others = others, part
    assert read_all(others).shape == (len(others), 8, 8, 3)
    assert "4.png as an image" in input_error(read_all, part)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resolution": 16}, "holds images of --resolution=8, not 16"),
        ({"channels": 1}, "holds images of --channels=3, not 1"),
        ({"resize_filter": "box"}, "records takes no resize filter"),
    ],
)
def test_records_are_what_they_are(pictures, converted, input_error, options, message):
    assert message in input_error(load, "records", converted(pictures), **options)


def test_records_need_a_folder(tmp_path, input_error):
    assert "records need --data_dir" in input_error(load, "records")
    assert "does not exist" in input_error(load, "records", tmp_path / "gone")
    assert "no manifest.json" in input_error(load, "records", tmp_path)


def test_a_filter_must_be_known(pictures, input_error):
    message = input_error(load, "folder", pictures, resize_filter="cubic")
    assert "'cubic'" in message


def test_a_subset_reads_its_part(pictures, converted):
    images = RecordImages(converted(pictures))
    subset = Subset(images, np.array([7, 2, 2]))
    assert (len(subset), subset.shape) == (3, (8, 8, 3))
    assert np.array_equal(subset.read([2, 0]), images.read([2, 7]))
    assert Subset(subset, [1]).read([0]).tolist() == images.read([2]).tolist()
    for indices in ([3], [-1], [0.5]):
        with pytest.raises(IndexError):
            subset.read(indices)
    with pytest.raises(IndexError):
        Subset(images, [11])


def test_the_fingerprint_of_a_subset_is_of_all_and_of_indices(pictures, converted):
    one = RecordImages(converted(pictures))
    other = RecordImages(converted(pictures, "other", resize_filter="box"))
    subsets = [Subset(one, [7, 2]), Subset(one, [2, 7]), Subset(one, [7]), Subset(other, [7, 2])]
    assert len({subset.fingerprint for subset in subsets} | {one.fingerprint}) == 5
    assert Subset(one, np.array([7, 2], np.uint8)).fingerprint == subsets[0].fingerprint
