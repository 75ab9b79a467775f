"""Pictures decoded and resized inside a graph, against Pillow: to the bit."""

import functools
import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_knowledge_gaps.classifiers.serving.decoding import decode_batch
from gan_knowledge_gaps.classifiers.serving.resampling import pillow_weights, resize_square
from gan_knowledge_gaps.data.picture import decode
from gan_knowledge_gaps.data.resize import CropResize


def noise(height: int, width: int, channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


@pytest.mark.parametrize("resize_filter", ["lanczos", "box"])
def test_resizing_is_pillows(resize_filter):
    spec = tf.TensorSpec([None, None, 3], tf.uint8)
    # As a graph, because optimizing it may change the last bits, which decide at a box's edges.
    resized = tf.function(lambda x: resize_square(x, 12, resize_filter), input_signature=[spec])
    for side in (*range(1, 60), 100, 301):
        pixels = noise(side, side, 3, side)
        filters = {"lanczos": Image.Resampling.LANCZOS, "box": Image.Resampling.BOX}
        expected = Image.fromarray(pixels).resize((12, 12), filters[resize_filter])
        np.testing.assert_array_equal(resized(pixels), np.asarray(expected), err_msg=str(side))


def test_weights_are_a_windowed_sinc():
    weights = pillow_weights(tf.constant(40), 10, "lanczos").numpy() / 2**22
    distance = (np.arange(40) + 0.5 - (5 + 0.5) * 4) / 4  # of the sixth pixel, in new pixels
    window = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
    np.testing.assert_allclose(weights[5], window / window.sum(), atol=2**-22)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=40 * 2**-22)


@functools.cache
def decoder(crop_resize: CropResize):
    """The graph that decodes files, crops and resizes."""
    spec = tf.TensorSpec([None], tf.string)
    return tf.function(lambda contents: decode_batch(contents, crop_resize), input_signature=[spec])


def decode_in_graph(contents: list[bytes], crop_resize: CropResize) -> np.ndarray:
    """uint8 [N, R, R, C]."""
    return decoder(crop_resize)(tf.constant(contents)).numpy()


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_bad_text(png: bytes) -> bytes:
    """A PNG file with a text behind its header, of a wrong checksum."""
    header = 8 + 12 + 13
    return png[:header] + struct.pack(">I", 4) + b"tEXt" + b"a\0bc" + b"nono" + png[header:]


@functools.cache
def files() -> dict[str, bytes]:
    """Every kind of JPEG and PNG file, of several sizes."""
    rgb, grey = Image.fromarray(noise(30, 41, 3)), Image.fromarray(noise(33, 20, 1)[..., 0])
    indexed, two = rgb.quantize(9), grey.point(lambda value: 255 * (value > 99)).convert("1")
    deep = Image.fromarray(np.random.default_rng(0).integers(0, 65536, (17, 19), np.uint16))
    return {
        "rgb.jpg": encoded(rgb, "JPEG"),
        "progressive.jpg": encoded(rgb, "JPEG", progressive=True, quality=95, subsampling=0),
        "grey.jpg": encoded(grey, "JPEG"),
        "rgb.png": encoded(rgb, "PNG"),
        "grey.png": encoded(grey, "PNG"),
        "two.png": encoded(two, "PNG"),
        "deep.png": encoded(deep, "PNG"),
        "indexed.png": encoded(indexed, "PNG"),
        "indexed_hole.png": encoded(indexed, "PNG", transparency=3),
        "indexed_veil.png": encoded(indexed, "PNG", transparency=bytes(range(0, 225, 25))),
        "two_hole.png": encoded(two, "PNG", transparency=1),
        "rgb_hole.png": encoded(rgb, "PNG", transparency=rgb.getpixel((20, 15))),
        "alpha.png": encoded(Image.fromarray(noise(21, 22, 4)), "PNG"),
        "grey_alpha.png": encoded(Image.fromarray(noise(21, 22, 2)), "PNG"),
        "deep_hole.png": encoded(deep, "PNG", transparency=deep.getpixel((9, 8))),
        "bad_text.png": with_bad_text(encoded(rgb, "PNG")),
        "same_size.png": encoded(Image.fromarray(noise(12, 12, 3)), "PNG"),
    }


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("resize_filter", "common_size"), [("lanczos", None), ("box", None), ("box", 9)]
)
def test_a_batch_of_files_is_what_reading_them_gives(channels, resize_filter, common_size):
    crop_resize = CropResize(12, channels, resize_filter, common_size=common_size)
    batch = decode_in_graph(list(files().values()), crop_resize)
    for (name, contents), image in zip(files().items(), batch, strict=True):
        expected = crop_resize(decode(contents, name).image)
        np.testing.assert_array_equal(image, expected, err_msg=name)


def test_cmyk_is_within_a_grey_level():
    contents = encoded(Image.fromarray(noise(12, 16, 4), "CMYK"), "JPEG", quality=95)
    (image,) = decode_in_graph([contents], CropResize(12, 3)).astype(int)
    assert np.abs(image - CropResize(12, 3)(decode(contents, "").image)).max() <= 1


def test_a_large_photograph():
    contents = encoded(Image.fromarray(noise(90, 70, 3)).resize((1500, 1100)), "JPEG", quality=90)
    (image,) = decode_in_graph([contents], CropResize(64, 3))
    np.testing.assert_array_equal(image, CropResize(64, 3)(decode(contents, "").image))


def huge_png() -> bytes:
    """A PNG file of a few bytes that promises 3.6 gigapixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk


def huge_jpeg() -> bytes:
    """A JPEG file whose frame header says 60,000 x 60,000."""
    contents = encoded(Image.fromarray(noise(8, 8, 3)), "JPEG")
    start = contents.index(b"\xff\xc0")  # then length, precision, height and width
    return contents[: start + 5] + struct.pack(">HH", 60_000, 60_000) + contents[start + 9 :]


BAD = {
    "huge.png": (huge_png(), "more than 134,217,728 pixels"),
    "huge.jpg": (huge_jpeg(), "more than 134,217,728 pixels"),
    "film.gif": (encoded(Image.fromarray(noise(8, 8, 3)), "GIF"), "neither a JPEG nor a PNG"),
    "empty": (b"", "neither a JPEG nor a PNG"),
    "signature.png": (b"\x89PNG\r\n\x1a\n", "neither a JPEG nor a PNG"),
    "cut.png": (files()["rgb.png"][:-500], "Invalid PNG data"),
    "cut.jpg": (files()["rgb.jpg"][:-300], "(?i)premature end|invalid jpeg"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_decoded_is_refused(name):
    contents, message = BAD[name]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        decode_in_graph([files()["rgb.png"], contents], CropResize(12, 3))
