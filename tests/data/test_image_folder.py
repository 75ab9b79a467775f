"""Folders of image files, with pictures whose result is known."""

import io
import os
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import DATASETS, load

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def flat(path, color, size=(10, 10), mode="RGB", **save):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path, **save)


def read_folder(folder, resolution, channels):
    images, labels = DATASETS["folder"](folder, resolution, channels)
    return images.read(np.arange(len(images))), labels


def read_one(folder, resolution=4, channels=3):
    images, labels = read_folder(folder, resolution, channels)
    assert images.shape == (1, resolution, resolution, channels)
    assert images.dtype == np.uint8
    assert labels is None
    return images[0]


def test_every_kind_at_every_depth_in_order(tmp_path):
    # Sorted as text: "B" before "a", "a-b" before "a/b".
    flat(tmp_path / "a/b.png", 50, mode="L")
    flat(tmp_path / "a-b.JPG", 40, mode="L")
    flat(tmp_path / "B.bmp", 30, mode="L")
    flat(tmp_path / "a/c/d.webp", (60, 60, 60), lossless=True)
    flat(tmp_path / "z.jpeg", 70, mode="L")
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "folder.png").mkdir()
    images, _ = read_folder(tmp_path, 4, 1)
    assert images[:, 0, 0, 0].tolist() == [30, 40, 50, 60, 70]


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    flat(tmp_path / "seen.png", RED)
    flat(tmp_path / ".thumbnails/seen.png", BLUE)
    (tmp_path / "._seen.png").write_bytes(b"what a Mac leaves on a shared disk")
    assert read_one(tmp_path)[0, 0].tolist() == list(RED)


@pytest.mark.parametrize("across", [True, False], ids=["wide", "tall"])
def test_the_centre_is_cropped(tmp_path, across):
    # 30 x 10: blue sides, and a red square of 10 x 10 in the centre.
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:] = BLUE
    picture[:, 10:20] = RED
    Image.fromarray(picture if across else picture.transpose(1, 0, 2)).save(tmp_path / "x.png")
    assert np.array_equal(read_one(tmp_path), np.broadcast_to(np.uint8(RED), (4, 4, 3)))


def test_a_picture_of_the_right_size_is_kept(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (6, 6, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "x.png")
    assert np.array_equal(read_one(tmp_path, 6), picture)


def test_resizing_averages(tmp_path):
    # A fine checkerboard becomes its mean; picking single pixels would give 0 or 255.
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    Image.fromarray(board).save(tmp_path / "x.png")
    assert np.abs(read_one(tmp_path, 8, 1).astype(int) - 127.5).max() < 4


# Where the marked corner of the stored picture is shown, by EXIF 2.3, tag 0x0112.
SHOWN_AT = {
    1: "top left",
    2: "top right",
    3: "bottom right",
    4: "bottom left",
    5: "top left",
    6: "top right",
    7: "bottom right",
    8: "bottom left",
}


@pytest.mark.parametrize("orientation", SHOWN_AT)
def test_exif_rotation(tmp_path, orientation):
    picture = np.zeros((8, 8), np.uint8)
    picture[:4, :4] = 200  # the corner of the first row and the first column
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture).save(tmp_path / "x.png", exif=exif)
    vertical, horizontal = SHOWN_AT[orientation].split()
    expected = np.zeros((8, 8, 1), np.uint8)
    rows = slice(4) if vertical == "top" else slice(4, 8)
    columns = slice(4) if horizontal == "left" else slice(4, 8)
    expected[rows, columns] = 200
    assert np.array_equal(read_one(tmp_path, 8, 1), expected)


def test_exif_transposition_differs_from_rotation(tmp_path):
    # Orientation 6 turns the stored rows into columns, the first one at the right.
    picture = np.zeros((8, 8), np.uint8)
    picture[0] = np.arange(8) * 10
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture).save(tmp_path / "x.png", exif=exif)
    assert read_one(tmp_path, 8, 1)[:, 7, 0].tolist() == (np.arange(8) * 10).tolist()


@pytest.mark.parametrize("color", [RED, GREEN, BLUE, (12, 200, 99)])
def test_grey_is_luma(tmp_path, color):
    flat(tmp_path / "x.png", color)
    luma = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]  # ITU-R BT.601
    assert np.abs(read_one(tmp_path, channels=1) - luma).max() <= 1


def test_other_modes(tmp_path):
    cases = {
        "grey": (Image.new("L", (8, 8), 77), (77, 77, 77)),
        "bits": (Image.new("1", (8, 8), 1), (255, 255, 255)),
        "palette": (Image.new("RGB", (8, 8), RED).quantize(2), RED),
        "deep": (Image.fromarray(np.full((8, 8), 100 * 256 + 9, np.uint16)), (100, 100, 100)),
        "clear": (Image.new("RGBA", (8, 8), (0, 0, 0, 0)), (255, 255, 255)),
        "opaque": (Image.new("RGBA", (8, 8), (*GREEN, 255)), GREEN),
        "grey, half clear": (Image.new("LA", (8, 8), (0, 51)), (204, 204, 204)),
    }
    for name, (image, color) in cases.items():
        folder = tmp_path / name
        folder.mkdir()
        image.save(folder / "x.png")
        assert read_one(folder)[1, 1].tolist() == list(color), name


def test_cmyk_jpeg(tmp_path):
    flat(tmp_path / "x.jpg", (0, 255, 255, 0), mode="CMYK", quality=100)
    assert np.abs(read_one(tmp_path)[0, 0].astype(int) - RED).max() <= 3


def test_load_splits_a_folder_without_labels(tmp_path):
    for i in range(10):
        flat(tmp_path / f"{i}.png", (i, 0, 0))
    dataset = load("folder", str(tmp_path), resolution=16, channels=3)
    assert dataset.image_shape == (16, 16, 3)
    assert (len(dataset.train), len(dataset.evaluation)) == (8, 2)
    assert dataset.train_labels is None
    assert dataset.evaluation_labels is None
    reds = [
        part.read(np.arange(len(part)))[:, 0, 0, 0] for part in (dataset.train, dataset.evaluation)
    ]
    assert sorted(np.concatenate(reds)) == list(range(10))


def png_of(width, height) -> bytes:
    """A grey PNG of that size, with no pixels in it."""

    def chunk(kind, body=b""):
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT") + chunk(b"IEND")


def encoded(kind) -> bytes:
    """A whole picture of noise, of 4 kB or more."""
    file = io.BytesIO()
    picture = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()


BAD = {
    "empty": (b"", "cannot identify"),
    "text": (b"<html>404</html>", "cannot identify"),
    "another format": (encoded("ICO"), "cannot identify"),
    "cut": (encoded("PNG")[:1000], "truncated"),
    "no pixels": (png_of(8, 8), "truncated"),
    "bomb": (png_of(12_000, 12_000), "it has more than 134,217,728 pixels, half a GiB of memory"),
    "large bomb": (png_of(60_000, 60_000), "it has more than 134,217,728 pixels"),
}


@pytest.mark.parametrize(("contents", "reason"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_in_one_line(tmp_path, input_error, contents, reason):
    flat(tmp_path / "a.png", RED)
    (tmp_path / "sub").mkdir()
    bad = tmp_path / "sub/bad.png"
    bad.write_bytes(contents)
    with warnings.catch_warnings(record=True) as caught:
        message = input_error(load, "folder", tmp_path)
    assert message.startswith(f"cannot read {bad} as an image")
    assert reason in message
    assert caught == []


def test_a_dangling_link_and_a_line_break_in_a_name(tmp_path, input_error):
    (tmp_path / "a\nb.png").symlink_to(tmp_path / "gone")
    assert "a b.png" in input_error(load, "folder", tmp_path)


def test_a_forbidden_subfolder_is_not_passed_over(tmp_path, input_error):
    flat(tmp_path / "a.png", RED)
    (tmp_path / "closed").mkdir(mode=0)
    if os.access(tmp_path / "closed", os.R_OK):
        pytest.skip("this user may read every folder")
    assert "closed: Permission denied" in input_error(load, "folder", tmp_path)


def test_no_images_and_no_folder_are_one_line(tmp_path, input_error):
    (tmp_path / "notes.txt").write_text("")
    message = input_error(load, "folder", tmp_path)
    assert f"no images in {tmp_path}" in message
    assert ".webp" in message
    assert "needs --data_dir" in input_error(load, "folder")


def test_four_images_are_too_few(tmp_path, input_error):
    for i in range(4):
        flat(tmp_path / f"{i}.png", RED)
    assert "at least 5 images, here are 4" in input_error(load, "folder", tmp_path)
