"""JPEG with a gradient has libjpeg's pixels to the bit, and its implementations one gradient."""

import functools
import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.jpeg import codec, differentiable
from gan_knowledge_gaps.training.native import library

# Whole blocks, parts of blocks, odd ones, and those whose chroma is enlarged otherwise.
SIZES = {
    "custom": [(1, 1), (2, 3), (4, 5), (5, 4), (8, 8), (9, 17), (16, 16), (31, 33), (64, 48)],
    "tensorflow": [(1, 1), (5, 4), (31, 33)],
    "XLA": [(9, 21)],
}
KINDS = ("noise", "extremes", "smooth", "encoded")
by_library = tf.function(codec.encode_decode, autograph=False)
QUALITY = np.tile(np.arange(1, 101, dtype=np.int32), len(KINDS))


@pytest.fixture(params=SIZES)
def implementation(request) -> str:
    if request.param == "custom":
        try:
            library.load("custom")
        except InputError as error:
            pytest.skip(str(error))
    return request.param


@functools.cache
def encoder(implementation: str):
    """A function from images and qualities."""
    name = "custom" if implementation == "custom" else "tensorflow"
    return tf.function(
        lambda images, quality: differentiable.encode_decode(images, quality, name),
        jit_compile=implementation == "XLA",
        autograph=False,
    )


def draw(kind: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Images [N, H, W, C], whole numbers in 0 ... 255, float32."""
    random = np.random.default_rng(seed)
    if kind == "noise":
        return np.float32(random.integers(0, 256, shape))
    if kind == "extremes":
        return np.float32(random.choice([0, 255], shape))
    steps = random.normal(size=shape) * 3
    smooth = 128 + steps.cumsum(1).cumsum(2) / np.sqrt(np.prod(shape[1:3])) * 8
    smooth = np.round(np.clip(smooth, 0, 255)).astype(np.uint8)
    if kind == "smooth":
        return np.float32(smooth)
    # Once more at a related quality, whose coefficients lie halfway between steps more often.
    return np.float32(by_library(smooth, QUALITY[: len(smooth)] // 2 + 50))


def of_all_kinds(size: tuple[int, int], channels: int) -> np.ndarray:
    """An image of each kind for each of QUALITY."""
    return np.concatenate([draw(kind, (100, *size, channels), sum(size)) for kind in KINDS])


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_the_librarys_at_every_quality(implementation, channels):
    for size in SIZES[implementation]:
        images = of_all_kinds(size, channels)
        expected = by_library(images.astype(np.uint8), QUALITY)
        got = encoder(implementation)(images, QUALITY)
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_pillows(channels):
    images = draw("smooth", (100, 40, 23, channels), 0)
    decoded = differentiable.encode_decode(tf.constant(images), QUALITY[:100], "auto").numpy()
    for image, quality, got in zip(images.astype(np.uint8), QUALITY[:100], decoded, strict=True):
        file = io.BytesIO()
        pixels = image[..., 0] if channels == 1 else image
        Image.fromarray(pixels).save(file, "JPEG", quality=int(quality))
        expected = np.asarray(Image.open(file)).reshape(image.shape)
        np.testing.assert_array_equal(got, expected)


def test_images_are_rounded_and_clipped_first(implementation):
    images = np.random.default_rng(0).uniform(-50, 300, (400, 9, 21, 3)).astype(np.float32)
    images[0, 0, :4, 0] = [0.5, 1.5, 1e30, -np.inf]
    whole = np.round(np.clip(images, 0, 255)).astype(np.uint8)  # halves become even
    expected = by_library(whole, QUALITY)
    np.testing.assert_array_equal(encoder(implementation)(images, QUALITY), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_exact_in_tf32(channels, monkeypatch):
    """Whose products keep 11 bits of each factor."""
    whole = tf.tensordot

    def rounded(numbers) -> np.ndarray:
        fraction, exponent = np.frexp(np.asarray(numbers))
        return np.ldexp(np.round(fraction * 2**11) / 2**11, exponent)

    monkeypatch.setattr(
        tf, "tensordot", lambda a, b, axes: whole(rounded(a), rounded(b), axes)
    )  # fmt: skip
    images = of_all_kinds((16, 16), channels)
    decoded = differentiable.encode_decode(tf.constant(images), QUALITY)
    np.testing.assert_array_equal(decoded, by_library(images.astype(np.uint8), QUALITY))


def gradient_of(implementation: str, images: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    x = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        pixels = encoder(implementation)(x, QUALITY)
    return tape.gradient(pixels, x, tf.constant(slopes)).numpy()


@pytest.mark.long
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("implementation", ["custom", "XLA"], indirect=True)
def test_implementations_have_one_gradient(implementation, channels):
    for size in SIZES["tensorflow" if implementation == "custom" else implementation]:
        images = of_all_kinds(size, channels)
        images[::2] += np.float32(0.3)  # 255.3 passes nothing
        slopes = np.random.default_rng(0).normal(size=images.shape).astype(np.float32)
        expected = gradient_of("tensorflow", images, slopes)
        assert np.abs(expected).max() > 0.1
        got = gradient_of(implementation, images, slopes)
        np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-3)


def test_the_operation_refuses_what_it_cannot_encode():
    try:
        module = library.load("custom")
    except InputError as error:
        pytest.skip(str(error))
    images, steps = tf.zeros([2, 8, 8, 3]), tf.ones([2, 2, 64], tf.int32)
    assert module.gaps_jpeg(images=images[:0], steps=steps[:0]).shape == (0, 8, 8, 3)
    for bad in (
        {"images": images[..., :2]}, {"images": images[0]}, {"steps": steps[:1]},
        {"steps": steps[:, :1]}, {"steps": 0 * steps}, {"steps": 256 * steps},
    ):  # fmt: skip
        with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
            module.gaps_jpeg(**{"images": images, "steps": steps} | bad)
    with pytest.raises(tf.errors.InvalidArgumentError, match="upstream"):
        module.gaps_jpeg_gradient(images=images, steps=steps, upstream=images[:1])
