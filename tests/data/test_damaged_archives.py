"""Zip files that are damaged, hostile, or no zip files: one short line each."""

import shutil
import tarfile
import zipfile

import numpy as np
import pytest

from gan_knowledge_gaps.data import DATASETS, load
from gan_knowledge_gaps.data.sources import open_images

LZMA, BZIP2, DEFLATE, DEFLATE64 = 14, 12, 8, 9


def first_member(archive: bytes) -> int:
    """Where the first member's contents begin: APPNOTE 4.3.7."""
    name, extra = (int.from_bytes(archive[i : i + 2], "little") for i in (26, 28))
    return 30 + name + extra


@pytest.mark.parametrize("compression", [LZMA, BZIP2, DEFLATE])
@pytest.mark.parametrize("at", [0, 5, 12, 40])
def test_a_damaged_member_is_one_line(pictures, zip_of, input_error, compression, at):
    path = zip_of(pictures, compression)
    contents = bytearray(path.read_bytes())
    for i in range(8):
        contents[first_member(contents) + at + i] ^= 0xA5
    path.write_bytes(contents)
    with zipfile.ZipFile(path) as archive:
        damaged = archive.infolist()[0].filename
    source = open_images(str(path))
    message = input_error(source.read, source.names.index(damaged))
    assert message.startswith(f"cannot read {damaged} in {path} (")
    assert len(message) < len(str(path)) + 300


@pytest.mark.parametrize("compression", [DEFLATE64, 99])
def test_a_compression_that_python_does_not_know(pictures, zip_of, input_error, compression):
    path = zip_of(pictures)
    contents = bytearray(path.read_bytes())
    start = contents.index(b"PK\x01\x02")
    contents[start + 10] = compression  # in the directory, then before the contents
    contents[8] = compression
    path.write_bytes(contents)
    source = open_images(str(path))
    messages = []
    for i in range(len(source.names)):
        try:
            source.read(i)
        except ValueError as error:
            messages.append(str(error))
    assert len(messages) == 1
    assert "compression" in messages[0]


def test_a_lying_header_is_quoted_in_part(pictures, tmp_path, input_error):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(pictures / "0.png", "a" * 60_000 + ".png")
    contents = bytearray(path.read_bytes())
    contents[35:60_000] = b"\xff" * (60_000 - 35)  # the name before the contents, not that behind
    path.write_bytes(contents)
    message = input_error(open_images(str(path)).read, 0)
    assert "cannot read aaa" in message
    assert len(message) < 700
    assert message.isprintable()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../" + "\x1b[31m" * 10_000 + ".png", b"")
    message = input_error(open_images, str(path))
    assert "outside of itself" in message
    assert len(message) < 700
    assert message.isprintable()


def test_hidden_files_of_windows_are_passed_over(pictures, tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(pictures / "0.png", "sub\\0.png")
        archive.writestr("sub\\.hidden.png", b"nothing")
        archive.writestr("__MACOSX\\._0.png", b"nothing")
    source = open_images(str(path))
    assert source.names == ["sub\\0.png"]
    assert source.passed_over == {"hidden": 2}


def test_a_zip_is_known_by_its_contents(pictures, zip_of, tmp_path):
    shutil.copy(zip_of(pictures), tmp_path / "archive")
    images = [DATASETS["folder"](str(path), 8, 3)[0] for path in (pictures, tmp_path / "archive")]
    assert np.array_equal(*(each.read(np.arange(11)) for each in images))


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.tgz", "x"])
def test_other_archives_are_to_be_unpacked(pictures, tmp_path, input_error, name):
    with tarfile.open(tmp_path / name, "w:gz" if name.endswith("gz") else "w") as archive:
        archive.add(pictures, "pictures")
    message = input_error(load, "folder", str(tmp_path / name))
    assert "unpack it and give the folder" in message


def test_a_directory_that_lies_is_one_line(tmp_path, input_error):
    (tmp_path / "x.zip").write_bytes(b"PK\x05\x06" + b"\xff" * 18)
    assert "as a zip file" in input_error(open_images, str(tmp_path / "x.zip"))
