"""Natural images as the scores take them."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import ArrayImages, InputError
from gan_knowledge_gaps.data.records.conversion import Conversion
from gan_knowledge_gaps.data.records.options import ConvertOptions
from gan_knowledge_gaps.evaluation.config import EvaluationConfig
from gan_knowledge_gaps.evaluation.reference import ReferenceImages, open_reference


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """10 pictures, constant, 10 times their number; 3 are JPEG files by name."""
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(10):
        suffix = ("jpg" if index < 2 else "JPEG") if index < 3 else "png"
        pixels = np.full((8, 8, 3), 10 * index, np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.{suffix}")
    return folder


@pytest.mark.parametrize(("split", "count"), [("train", 8), ("evaluation", 2), ("all", 10)])
def test_natural_images_are_those_of_the_split_in_a_fixed_random_order(split, count, folder):
    reference = open_reference(str(folder), 8, 3, EvaluationConfig(split=split))
    images = reference.images.read(np.arange(count))
    assert len(reference.images) == count and images.shape == (count, 8, 8, 3)
    numbers = (images[:, 0, 0, 0] + 5) // 10
    assert len(set(numbers.tolist())) == count
    assert count == 2 or sorted(numbers) != numbers.tolist()
    some = np.array([1, 0, 1])
    np.testing.assert_array_equal(reference.images.read(some), images[some])
    if split == "all":
        parts = [
            open_reference(str(folder), 8, 3, EvaluationConfig(split=each))
            for each in ("train", "evaluation")
        ]
        apart = [each.images.read(np.arange(len(each.images)))[:, 0, 0, 0] for each in parts]
        assert sorted(np.concatenate(apart)) == sorted(images[:, 0, 0, 0])


def test_files_and_filter_are_told_of_a_folder_a_zip_and_records(folder, tmp_path):
    packed = tmp_path / "pictures.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    records = tmp_path / "records"
    options = ConvertOptions(str(folder), str(records), 8, shards=3, resize_filter="box")
    with Conversion(options) as conversion:
        conversion.run()
    for path, resize_filter in ((folder, "lanczos"), (packed, "lanczos"), (records, "box")):
        reference = open_reference(str(path), 8, 3, EvaluationConfig())
        assert (reference.files, reference.jpeg_files) == (10, 3), path
        assert reference.resize_filter == resize_filter
    assert (
        open_reference(str(folder), 8, 3, EvaluationConfig(split="all"), "box").resize_filter
        == "box"
    )
    with pytest.raises(InputError, match="were made by --filter=box, not lanczos"):
        open_reference(str(records), 8, 3, EvaluationConfig(), "lanczos")
    with pytest.raises(InputError, match="--filter is bicubic"):
        open_reference(str(folder), 8, 3, EvaluationConfig(), "bicubic")


def test_a_jpeg_file_of_another_name_is_told_by_its_format_in_records(tmp_path):
    (tmp_path / "pictures").mkdir()
    for index in range(5):
        image = Image.fromarray(np.full((8, 8, 3), 40 * index, np.uint8))
        image.save(tmp_path / "pictures" / f"{index}.png", "JPEG" if index == 2 else "PNG")
    options = ConvertOptions(str(tmp_path / "pictures"), str(tmp_path / "records"), 8)
    with Conversion(options) as conversion:
        conversion.run()
    assert open_reference(str(tmp_path / "records"), 8, 3, EvaluationConfig()).jpeg_files == 1


def test_any_images_are_a_reference_each_once():
    images = ArrayImages(np.arange(5 * 8 * 8 * 3, dtype=np.uint8).reshape(5, 8, 8, 3))
    reference = ReferenceImages.of(images, "mine")
    assert reference.taken(5) == {"natural": 5, "repeats": 1, "mirrored": 0}
    assert (reference.distinct, reference.files, reference.jpeg_files) == (5, 5, None)
    assert reference.conditions["data"] == "mine"
    assert reference.conditions["data_fingerprint"] == images.fingerprint
