"""Which files of a folder are read, and what is said of the others."""

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import DATASETS, open_path
from gan_knowledge_gaps.data.listing import passed_over_line
from gan_knowledge_gaps.data.sources import open_images

PIXELS = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)


def save(path, value=0, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(PIXELS // 2 + np.uint8(value)).save(path, **options)


def pixels_of(folder, channels=3):
    images, _ = DATASETS["folder"](str(folder), 8, channels)
    return images.read(np.arange(len(images)))


LOSSLESS = {
    "png": {}, "bmp": {}, "dib": {"format": "BMP"}, "tif": {}, "tiff": {"compression": "tiff_lzw"},
    "ppm": {}, "pnm": {"format": "PPM"}, "webp": {"lossless": True}, "apng": {"format": "PNG"},
}  # fmt: skip


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_a_format_without_loss_gives_its_pixels(tmp_path, suffix):
    save(tmp_path / f"x.{suffix}", **LOSSLESS[suffix])
    np.testing.assert_array_equal(pixels_of(tmp_path)[0], PIXELS // 2)


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "jpe", "jfif", "JPG", "avif"])
def test_a_format_with_loss_gives_pillows_pixels(tmp_path, suffix):
    save(tmp_path / f"x.{suffix}", format="AVIF" if suffix == "avif" else "JPEG")
    with Image.open(tmp_path / f"x.{suffix}") as image:
        np.testing.assert_array_equal(pixels_of(tmp_path)[0], np.asarray(image))


@pytest.mark.parametrize("suffix", ["pgm", "gif"])
def test_grey(tmp_path, suffix):
    Image.fromarray(PIXELS[..., 0]).save(tmp_path / f"x.{suffix}")
    np.testing.assert_array_equal(pixels_of(tmp_path, 1)[0, ..., 0], PIXELS[..., 0])


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif"])
def test_the_first_frame_of_several(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    options = {"lossless": True} if suffix == "webp" else {}
    frames[0].save(tmp_path / f"x.{suffix}", save_all=True, append_images=frames[1:], **options)
    assert pixels_of(tmp_path)[0, 0, 0].tolist() == [255, 0, 0]


def test_a_tiff_is_turned_once(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "x.tif", exif=exif)
    np.testing.assert_array_equal(pixels_of(tmp_path)[0], np.rot90(PIXELS // 2, -1))


def test_sixteen_bits_keep_their_upper_eight(tmp_path):
    deep = PIXELS[..., 0].astype(np.uint16) * 256 + 77
    Image.fromarray(deep).save(tmp_path / "x.tif")
    np.testing.assert_array_equal(pixels_of(tmp_path, 1)[0, ..., 0], PIXELS[..., 0])


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_values_of_no_known_range_are_refused(tmp_path, input_error, dtype):
    Image.fromarray(PIXELS[..., 0].astype(dtype)).save(tmp_path / "x.tif")
    assert "pixels of mode" in input_error(pixels_of, tmp_path)


def test_what_is_passed_over_is_counted(tmp_path):
    for i in range(5):
        save(tmp_path / f"{i}.png")
    for name in ("a.txt", "b.txt", "photo.HEIC", "LICENSE", ".DS_Store", "sub/._1.png", ".git/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    line = open_path(str(tmp_path), 8, 3).passed_over
    assert line.startswith(f"7 files of {tmp_path} are passed over: 2 ")
    for kind in ("2 .txt", "1 .heic", "1 without suffix", "2 hidden", "1 hidden folders"):
        assert kind in line
    assert open_path(str(tmp_path), 8, 3).files == 5


def test_nothing_is_said_where_all_files_are_read(tmp_path):
    for i in range(5):
        save(tmp_path / f"{i}.png")
    assert open_path(str(tmp_path), 8, 3).passed_over == ""


def test_a_kind_with_control_characters_is_printable(tmp_path):
    save(tmp_path / "x.png")
    for i in range(20):
        (tmp_path / f"x.{i}\x1b[31m").write_bytes(b"")
    line = passed_over_line(open_images(str(tmp_path)).passed_over, "it")
    assert line.isprintable()
    assert line.startswith("20 files of it")
    assert len(line) < 300


def test_links_to_folders_are_followed_once(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    save(inside / "b/1.png", 1)
    save(outside / "2.png", 2)
    save(outside / "deep/3.png", 3)
    (inside / "a").symlink_to(outside)
    (inside / "again").symlink_to(outside)
    (inside / "c").symlink_to(inside / "b")  # which is read under its own name
    (outside / "deep/loop").symlink_to(inside)
    (inside / "b/self").symlink_to(".")
    source = open_images(str(inside))
    assert source.names == ["a/2.png", "a/deep/3.png", "b/1.png"]
    assert source.passed_over == {"folders that another path leads to": 4}
    np.testing.assert_array_equal(pixels_of(inside)[1], PIXELS // 2 + 3)


def test_a_link_to_the_parent_reads_its_siblings_once(tmp_path):
    save(tmp_path / "all/mine/1.png")
    save(tmp_path / "all/other/2.png")
    (tmp_path / "all/mine/up").symlink_to("..")
    assert open_images(str(tmp_path / "all/mine")).names == ["1.png", "up/other/2.png"]
