"""Zip files of images, read as they are: like the folder, and never trusted."""

import hashlib
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import DATASETS, load
from gan_knowledge_gaps.data import archive as archive_module


def read_all(data_dir, *arguments):
    images, _ = DATASETS["folder"](str(data_dir), *arguments)
    return images.read(np.arange(len(images)))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_reads_as_its_folder(pictures, zip_of, compression):
    (pictures / ".hidden").mkdir()
    (pictures / ".hidden/0.png").write_bytes(b"not seen")
    (pictures / "notes.txt").write_text("not an image")
    archive = zip_of(pictures, compression)
    for arguments in ((16, 3), (16, 1), (7, 3, "box")):
        assert np.array_equal(read_all(archive, *arguments), read_all(pictures, *arguments))
    folder, _ = DATASETS["folder"](pictures, 16, 3)
    zipped, _ = DATASETS["folder"](archive, 16, 3)
    assert folder.fingerprint == zipped.fingerprint
    assert load("folder", archive).fingerprint == load("folder", pictures).fingerprint


def test_the_fingerprint_is_of_files_crop_and_size(pictures):
    def fingerprint(*arguments):
        return DATASETS["folder"](pictures, *arguments)[0].fingerprint

    before = fingerprint(16, 3)
    others = {fingerprint(8, 3), fingerprint(16, 1), fingerprint(16, 3, "box")}
    assert len(others | {before}) == 4
    Image.new("RGB", (18, 24)).save(pictures / "0.png")
    assert fingerprint(16, 3) not in others | {before}


def test_the_fingerprint_is_that_of_every_version(tmp_path):
    """Keys of results are made of it: renamed classes must not change it."""
    picture = Image.new("RGB", (18, 24))
    picture.save(tmp_path / "0.png")
    contents = (tmp_path / "0.png").read_bytes()
    made = "Squaring(resolution=16, channels=3, resize_filter='box', crop='center')"
    text = f"pictures 1 {made}\n{len(contents)} {zlib.crc32(contents):08x}\n"
    images, _ = DATASETS["folder"](tmp_path, 16, 3, "box")
    assert images.fingerprint == hashlib.sha256(text.encode()).hexdigest()


def test_of_two_entries_of_one_name_the_last_counts(pictures, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(pictures / "1.png", "same.png")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.write(pictures / "2.png", "same.png")
    (pictures / "last").mkdir()
    (pictures / "last/same.png").write_bytes((pictures / "2.png").read_bytes())
    assert np.array_equal(read_all(tmp_path / "x.zip", 8, 3), read_all(pictures / "last", 8, 3))


@pytest.mark.parametrize("name", ["../x.png", "a/../../x.png", "/x.png", "..\\x.png", "C:\\x.png"])
def test_names_outside_of_the_zip_are_refused(tmp_path, input_error, name):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(name, b"")
    message = input_error(load, "folder", tmp_path / "x.zip")
    assert f"x.zip names a file outside of itself, {name!r}" in message


def test_an_encrypted_zip_is_refused(pictures, zip_of, input_error):
    path = zip_of(pictures)
    contents = bytearray(path.read_bytes())
    # The first bit of the flags, 8 bytes into an entry of the directory (APPNOTE 4.3.12).
    contents[contents.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(contents)
    assert "is encrypted: unzip it" in input_error(load, "folder", path)


def test_a_zip_that_is_none_is_refused(pictures, zip_of, tmp_path, input_error):
    path = zip_of(pictures)
    path.write_bytes(path.read_bytes()[:-30])
    assert f"cannot read {path} as a zip file" in input_error(load, "folder", path)
    (tmp_path / "empty.zip").write_bytes(b"")
    assert "as a zip file" in input_error(load, "folder", tmp_path / "empty.zip")
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("notes.txt", b"")
    assert "no images in" in input_error(load, "folder", tmp_path / "none.zip")


def test_a_damaged_entry_is_named(pictures, zip_of, input_error):
    path = zip_of(pictures)
    contents = bytearray(path.read_bytes())
    picture = (pictures / "3.png").read_bytes()
    contents[contents.index(picture) + len(picture) // 2] ^= 1
    path.write_bytes(contents)
    assert f"cannot read 3.png in {path} (Bad CRC-32" in input_error(read_all, path, 8, 3)


def test_an_entry_that_expands_too_far_is_not_unpacked(pictures, zip_of, input_error, monkeypatch):
    monkeypatch.setattr(archive_module, "MAX_BYTES", 1000)
    message = input_error(read_all, zip_of(pictures), 8, 3)
    assert message.startswith("0.png in ")
    assert "is larger than 1,000 bytes" in message
