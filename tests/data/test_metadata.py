"""Pixels and metadata are two things: what is wrong with the latter hides no picture."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import InputError, load, read_picture
from gan_knowledge_gaps.data.picture import MOST_PIXELS, decode
from gan_knowledge_gaps.data.resize import CropResize

PIXELS = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)


def chunk(kind: bytes, body: bytes, damage: int = 0) -> bytes:
    """A PNG chunk, by the PNG specification, 5.3; `damage` is added to its checksum."""
    checksum = struct.pack(">I", zlib.crc32(kind + body) ^ damage)
    return struct.pack(">I", len(body)) + kind + body + checksum


def png(*chunks: bytes) -> bytes:
    """The pixels as a PNG file with chunks behind its header."""
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG")
    header = 8 + 12 + 13
    return file.getvalue()[:header] + b"".join(chunks) + file.getvalue()[header:]


def turned(orientation: int) -> bytes:
    """EXIF data with an orientation, by EXIF 2.3: a TIFF header and one short."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", 1) + entry + bytes(4)


PROFILE = b"name\0\0" + zlib.compress(bytes(3_000_000))
BAD_METADATA = {
    "eXIf, damaged": chunk(b"eXIf", turned(6), damage=1),
    "eXIf, nonsense": chunk(b"eXIf", b"MM\0*\0\0\0\x08\xff\xff"),
    "eXIf, no TIFF": chunk(b"eXIf", b"nonsense"),
    "tEXt": chunk(b"tEXt", b"Title\0A title", damage=1),
    "zTXt": chunk(b"zTXt", b"Title\0\0not compressed"),
    "a bomb of text": chunk(b"zTXt", b"Title\0\0" + zlib.compress(bytes(2_000_000))),
    "iCCP, large": chunk(b"iCCP", PROFILE),
    "raw EXIF": chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 9\nno hexadecimals"),
    "gAMA, empty": chunk(b"gAMA", b""),
    "pHYs, short": chunk(b"pHYs", b"\0"),
}


@pytest.mark.parametrize("name", BAD_METADATA)
def test_a_png_with_bad_metadata_is_read(name):
    picture = decode(png(BAD_METADATA[name]), "x")
    np.testing.assert_array_equal(picture.image, PIXELS)


def test_a_bad_text_does_not_take_the_rotation_away():
    contents = png(chunk(b"eXIf", turned(6)), BAD_METADATA["tEXt"])
    np.testing.assert_array_equal(decode(contents, "x").image, np.rot90(PIXELS, -1))


def test_records_do_not_keep_bytes_that_other_readers_refuse():
    assert decode(png(), "x").plain == "png"
    assert decode(png(BAD_METADATA["tEXt"]), "x").plain is None
    assert decode(png(BAD_METADATA["eXIf, no TIFF"]), "x").plain is None


def test_damaged_pixels_stay_damaged():
    contents = bytearray(png(BAD_METADATA["tEXt"]))
    contents[contents.index(b"IDAT") + 30] ^= 1
    with pytest.raises(InputError, match="cannot read x as an image"):
        decode(bytes(contents), "x")


def test_a_jpeg_with_a_bad_profile_is_read():
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "JPEG", exif=b"Exif\0\0" + turned(3))
    contents = file.getvalue()
    bad = b"\xff\xe2" + struct.pack(">H", 2 + 12) + b"ICC_PROFILE\0"  # without a number
    expected = decode(contents, "x").image
    np.testing.assert_array_equal(decode(contents[:2] + bad + contents[2:], "x").image, expected)
    with Image.open(file) as image:
        np.testing.assert_array_equal(expected, np.rot90(image, 2))


def test_a_photo_of_108_megapixels_is_no_bomb():
    file = io.BytesIO()
    Image.new("1", (12_000, 9_000)).save(file, "PNG")
    assert decode(file.getvalue(), "x").image.size == (12_000, 9_000)
    assert MOST_PIXELS < 2 * 108e6


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_is_refused_and_does_not_hang(tmp_path, input_error):
    for i in range(5):
        Image.fromarray(PIXELS).save(tmp_path / f"{i}.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert "pipe.png: it is no regular file" in input_error(load, "folder", tmp_path)
    assert "no regular file" in input_error(read_picture, tmp_path / "pipe.png", 8, 3)
    assert "no regular file" in input_error(read_picture, "/dev/zero", 8, 3)


def deep_png(pixels: np.ndarray, transparent: tuple[int, ...]) -> bytes:
    """A PNG file of 16 bits per channel, uint16 [H, W, 1 or 3], with one transparent colour."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 3: 2}[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            chunk(b"IHDR", header),
            chunk(b"tRNS", struct.pack(f">{channels}H", *transparent)),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_colour_of_16_bits_lies_over_white(channels):
    # Values that differ in their lower 8 bits only: 256, of which a few are transparent, and 257.
    pixels = np.random.default_rng(1).integers(256, 258, (8, 8, channels), np.uint16)
    contents = deep_png(pixels, (256,) * channels)
    white = (pixels == 256).all(axis=-1, keepdims=True)
    assert 0 < white.sum() < 64
    found = CropResize(8, channels, "box")(decode(contents, "x").image)
    np.testing.assert_array_equal(found, np.where(white, 255, np.ones_like(pixels)))


@pytest.mark.parametrize("depth", [2, 4])
def test_a_transparent_level_of_few_bits(depth):
    header = struct.pack(">IIBBBBB", 2, 1, depth, 0, 0, 0, 0)
    row = bytes([0, 0b01_00_00_00 if depth == 2 else 0b0001_0000])  # filter, then 1 and 0
    contents = b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            chunk(b"IHDR", header),
            chunk(b"tRNS", b"\0\x01"),
            chunk(b"IDAT", zlib.compress(row)),
            chunk(b"IEND", b""),
        ]
    )
    image = decode(contents, "x").image.convert("LA")
    assert [image.getpixel((x, 0))[1] for x in (0, 1)] == [0, 255]
