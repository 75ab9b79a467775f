"""Conversions that meet pictures which cannot be read."""

import pytest
from PIL import Image

from gan_knowledge_gaps.data.records import RecordImages
from gan_knowledge_gaps.data.records import conversion as conversion_module


@pytest.fixture
def with_bad(pictures):
    """Three of the pictures are bad: one in the first shard, two in the second."""
    (pictures / "1.png").write_bytes((pictures / "1.png").read_bytes()[:500])
    (pictures / "4.png").write_text("<html>404</html>")
    (pictures / "5.png").write_bytes(b"")
    return pictures


def test_bad_pictures_are_listed_and_end_it(with_bad, converted, input_error, tmp_path):
    lines = []
    message = input_error(converted, with_bad, on_bad=lines.append)
    assert message.startswith("3 pictures cannot be read")
    assert [line.split(" as an image (")[0] for line in lines] == [
        f"cannot read {with_bad / name}" for name in ("1.png", "4.png", "5.png")
    ]
    assert "truncated" in lines[0]
    assert "cannot identify it" in lines[1]
    assert all(len(line.splitlines()) == 1 for line in lines)
    assert not (tmp_path / "records/manifest.json").exists()
    kept = (tmp_path / "records/images-00002-of-00003").stat().st_mtime_ns
    # Once they are repaired, the shards without bad pictures are not made again.
    for name in ("1.png", "4.png", "5.png"):
        Image.new("RGB", (9, 9)).save(with_bad / name)
    folder = converted(with_bad)
    assert len(RecordImages(folder)) == 11
    assert (folder / "images-00002-of-00003").stat().st_mtime_ns == kept


def test_bad_pictures_can_be_skipped(with_bad, converted):
    manifest = RecordImages(converted(with_bad, skip_bad=True)).manifest
    assert [each["filename"] for each in manifest["skipped"]] == ["1.png", "4.png", "5.png"]
    assert [shard["images"] for shard in manifest["shards"]] == [2, 2, 4]
    assert manifest["images"] == 8
    assert manifest["source"]["pictures"] == 11


def test_without_the_flag_skipped_pictures_are_tried_again(with_bad, converted, input_error):
    folder, lines = converted(with_bad, skip_bad=True), []
    assert input_error(converted, with_bad, on_bad=lines.append).startswith("3 pictures")
    assert len(lines) == 3
    assert len(RecordImages(folder)) == 8  # which stay as they were


def test_a_shard_may_lose_all_of_its_pictures(with_bad, converted):
    (with_bad / "0.png").write_bytes(b"")
    images = RecordImages(converted(with_bad, shards=11, skip_bad=True))
    assert len(images) == 7
    assert images.read([6]).shape == (1, 8, 8, 3)


def test_nothing_but_bad_pictures(pictures, converted, input_error, monkeypatch):
    for path in pictures.rglob("*.*"):
        path.write_bytes(b"")
    message = input_error(converted, pictures, skip_bad=True)
    assert "11 pictures" in message and "--source" in message
    # Without --skip_bad, a folder of something else is given up early.
    monkeypatch.setattr(conversion_module, "_MOST_LISTED", 5)
    lines = []
    assert input_error(converted, pictures, on_bad=lines.append).startswith("5 pictures")
    assert len(lines) == 5


def test_a_picture_that_is_not_square_is_bad_where_nothing_is_cropped(pictures, converted):
    lines = []
    folder = converted(pictures, crop="none", skip_bad=True, on_bad=lines.append)
    assert len(RecordImages(folder)) == 1  # 6.png, of 24x24
    assert len(lines) == 10
    assert lines[0] == f"{pictures / '0.png'} is not square (18x24): use --crop=center"
