"""HiResCAM and spectra against closed forms."""

import json

import commands
import keras
import numpy as np
import pytest
import tensorflow as tf
from noise_folders import write_noise
from PIL import Image
from scipy import interpolate

from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.evaluation_inputs import chosen
from gan_knowledge_gaps.classifiers.hires_cam import feature_map, hires_cam, overlay
from gan_knowledge_gaps.classifiers.map_geometry import cell_centers
from gan_knowledge_gaps.classifiers.models import build, steps_of
from gan_knowledge_gaps.classifiers.spectra import FLOOR, log_power_spectrum, radial_profile
from gan_knowledge_gaps.data import ArrayImages, open_path
from gan_knowledge_gaps.training.jpeg import JPEGEncoding

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)


def pooled_model() -> keras.Model:
    """Features 16x16x4, their means, a logit: its map is known (Zhou et al. 2016)."""
    keras.utils.set_random_seed(0)
    images = keras.Input([16, 16, 3])
    features = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(images)
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    return keras.Model(images, keras.layers.Dense(1)(pooled))


def test_behind_a_mean_it_is_the_class_activation_map():
    model = pooled_model()
    features = keras.Model(model.input, model.layers[1].output)(IMAGES.astype("f")).numpy()
    weights = model.layers[-1].kernel.numpy()[:, 0] / 256
    expected = np.maximum(0, features @ weights)
    # Terms of either sign cancel: float32 is exact to the size of the terms, not of their sum.
    tolerance = 1e-5 * np.abs(features * weights).max()
    np.testing.assert_allclose(hires_cam(model, IMAGES), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("size", [36, 20])
def test_behind_a_flattening_it_is_each_places_share_of_the_logit(size):
    """Of the last map of 7x7 cells or more: at 36 that after the pooling, at 20 that before it."""
    model = build("cnn", (size, size, 3), 3)
    images = np.random.default_rng(2).integers(0, 256, (4, size, size, 3), dtype=np.uint8)
    *_, convolved, pooled = (x.output for x in model.layers if len(x.output.shape) == 4)
    convolved, pooled = (
        x.numpy() for x in keras.Model(model.inputs[0], [convolved, pooled])(images)
    )
    kernel, bias = (each.numpy() for each in model.layers[-1].weights)
    shares = pooled * kernel.reshape(pooled.shape[1:])  # [N, h, w, D]
    np.testing.assert_allclose(shares.sum(axis=(1, 2, 3)) + bias, model(images)[:, 0], atol=1e-4)
    if size == 20:  # A pooled value is the largest of four.
        rows, columns = (2 * np.arange(pooled.shape[1])[:, None] + [0, 1] for _ in range(2))
        blocks = convolved[:, rows][:, :, :, columns]  # [N, h, 2, w, 2, D]
        is_largest = blocks == pooled[:, :, None, :, None]
        places = np.zeros_like(convolved)
        side = 2 * pooled.shape[1]
        spread = (is_largest * shares[:, :, None, :, None]).reshape(4, side, side, -1)
        places[:, :side, :side], shares = spread, places
    # Two windows of 3 without padding, two poolings.
    first, stride = (3.5, 2) if size == 20 else (4.5, 4)
    places = first + stride * np.arange(shares.shape[1])
    grid = np.clip(np.indices((size, size)), places[0], places[-1]).reshape(2, -1).T
    found = hires_cam(model, images)
    for image, share in zip(found, np.maximum(0, shares.sum(-1)), strict=True):
        expected = interpolate.RegularGridInterpolator((places, places), share)(grid)
        np.testing.assert_allclose(image.ravel(), expected, atol=1e-5 * np.max(expected))
    assert np.ptp(found, axis=(1, 2)).min() > 0


@pytest.fixture(scope="module")
def patched():
    """Smooth natural images; generated ones have a checkerboard somewhere."""
    random = np.random.default_rng(0)
    small = random.uniform(60, 190, (480, 4, 4, 1)).astype("f")
    images = tf.image.resize(small, (24, 24), "bicubic").numpy()
    labels = np.arange(len(images)) % 2
    board = 40 * ((np.indices((8, 8)).sum(axis=0) % 2) * 2 - 1)[..., None]
    for index in np.flatnonzero(labels):
        top, left = random.integers(0, 17, 2)
        images[index, top : top + 8, left : left + 8] += board
    return images.clip(0, 255).round().astype(np.uint8), labels


def windows(padding: str) -> keras.Model:
    """Every layer that moves things, odd and even sizes; each cell is a sum of what it sees."""
    ones = {"padding": padding, "use_bias": False}
    return keras.Sequential(
        [
            keras.Input([61, 64, 1]),
            keras.layers.Resizing(46, 48, interpolation="nearest"),
            keras.layers.Conv2D(1, 7, strides=2, kernel_initializer="ones", **ones),
            keras.layers.ZeroPadding2D(((0, 1), (2, 1))),
            keras.layers.DepthwiseConv2D(3, depthwise_initializer="ones", **ones),
            keras.layers.AveragePooling2D(2, padding=padding),
            keras.layers.Conv2D(1, 3, dilation_rate=2, kernel_initializer="ones", **ones),
        ]
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_cell_lies_in_the_middle_of_what_it_sees(padding):
    steps = steps_of(windows(padding))
    network = keras.Model(steps[0].output, steps[-1].output)
    centers = cell_centers(steps, steps[-1].output)
    images = tf.zeros([1, 61, 64, 1])
    row, column = (len(each) // 2 for each in centers)  # which sees no edge
    with tf.GradientTape() as tape:
        tape.watch(images)
        cell = network(images)[0, row, column, 0]
    seen = tape.gradient(cell, images)[0, :, :, 0].numpy()
    middle = [np.sum(place * seen) / np.sum(seen) for place in np.indices(seen.shape)]
    found = centers[0][row], centers[1][column]
    np.testing.assert_allclose(found, middle, atol=0.4)  # The nearest pixels are whole ones.


def residual() -> keras.Model:
    """Ends with features of 3x3; a sum in 12x12, which a layer goes around, and 12x12 behind it."""
    images = keras.Input([24, 24, 1])
    x = keras.layers.Rescaling(1 / 127.5, -1.0)(images)
    for index in range(3):
        y = keras.layers.Conv2D(16, 3, padding="same", activation="relu")(x)
        branch = keras.layers.Conv2D(16, 3, padding="same")(y)
        x = keras.layers.ReLU(name=f"relu_{index}")(keras.layers.Add()([y, branch]))
        x = keras.layers.MaxPooling2D(2, name=f"pool_{index}")(x)
    return keras.Model(images, keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(x)))


def test_it_explains_the_last_large_map_that_no_layer_goes_around():
    model = residual()
    assert (
        feature_map(steps_of(model)) is model.get_layer("relu_1").output
    )  # 12x12; pool_1 has 6x6.


@pytest.mark.parametrize("make", [lambda: build("cnn", (24, 24, 1), 0, width=0.25), residual])
def test_hiding_what_it_marks_moves_the_logit_more_than_hiding_the_rest(patched, make):
    images, labels = patched
    keras.utils.set_random_seed(0)
    model = make()
    optimizer = keras.optimizers.Adam(1e-2)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(x: tf.Tensor, y: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(y, model(x, training=True)[:, 0])
        gradients = tape.gradient(losses, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    for number in range(50):
        part = slice(number % 8 * 50, (number % 8 + 1) * 50)
        step(tf.constant(images[part], tf.float32), tf.constant(labels[part], tf.float32))
    seen = images[400:][labels[400:] == 1]
    logits = model(seen.astype("f")).numpy()[:, 0]
    assert np.mean(logits > 0) > 0.9
    maps = hires_cam(model, seen)
    assert np.ptp(maps, axis=(1, 2)).min() > 0
    marked = maps >= np.quantile(maps, 0.9, axis=(1, 2), keepdims=True)

    def change(hidden: np.ndarray) -> float:
        mean = seen.mean(axis=(1, 2), keepdims=True)
        masked = np.where(hidden[..., None], mean, seen).astype("f")
        return np.mean(logits - model(masked).numpy()[:, 0])

    # Elsewhere: areas of the same shapes, half an image away.
    elsewhere = [np.roll(marked, shift, axis=(1, 2)) for shift in ((12, 12), (0, 12), (12, 0))]
    assert change(marked) > 3 * max(0.3, *(abs(change(each)) for each in elsewhere))


def test_jpeg_comes_before_it():
    inner = pooled_model()
    images = keras.Input([16, 16, 3])
    model = keras.Model(images, inner(JPEGEncoding(30, name="jpeg")(images)))
    encoded = JPEGEncoding(30)(IMAGES).numpy().astype(np.uint8)
    expected = hires_cam(inner, encoded)
    np.testing.assert_allclose(hires_cam(model, IMAGES), expected, atol=1e-5 * expected.max())


@pytest.mark.parametrize("name", ["cnn", "mobilenet_v2"])
def test_every_architecture_has_one(name):
    images = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    model = build(name, (64, 64, 3), 0, width=0.25, jpeg_quality=80)
    maps = hires_cam(model, images)
    assert maps.shape == (2, 64, 64) and maps.min() >= 0 and np.isfinite(maps).all()


def test_an_overlay_is_grey_where_nothing_speaks():
    maps = np.zeros([3, 16, 16])
    grey = overlay(IMAGES, maps, 1.0)
    expected = IMAGES.mean(axis=-1)
    assert np.abs(grey - expected[..., None]).max() <= 0.5 + 1e-3
    maps[0, 0, 0] = 1
    changed = np.argwhere((overlay(IMAGES, maps, 1.0) != grey).any(axis=-1))
    np.testing.assert_array_equal(changed, [[0, 0, 0]])


def waves(frequency: tuple[int, int], amplitude: float, size: int = 64) -> ArrayImages:
    """One plane wave of so many cycles around mid-grey."""
    y, x = np.mgrid[:size, :size]
    wave = np.cos(2 * np.pi * (frequency[0] * y + frequency[1] * x) / size)
    pixels = np.round(127.5 + 255 * amplitude * wave).astype(np.uint8)
    return ArrayImages(np.repeat(pixels[None, ..., None], 3, axis=-1))


def test_a_wave_is_a_pair_of_peaks_of_its_power():
    spectrum = log_power_spectrum(waves((8, 20), 0.25))
    peaks = np.argwhere(spectrum > spectrum.max() - 0.05)
    np.testing.assert_array_equal(peaks, [[32 - 8, 32 - 20], [32 + 8, 32 + 20]])
    # The amplitude's half, squared; a Hann window of mean square 1 spreads it over its main lobe.
    window = np.hanning(66)[1:-1]
    gain = (window.mean() ** 2 / np.mean(window**2)) ** 2
    np.testing.assert_allclose(10 ** spectrum.max(), 0.125**2 * gain, rtol=0.01)


def test_a_flat_image_is_at_the_floor():
    flat = ArrayImages(np.full((2, 32, 32, 1), 99, np.uint8))
    for residual in (False, True):
        np.testing.assert_allclose(log_power_spectrum(flat, residual), np.log10(FLOOR), atol=1e-6)


def test_white_noise_is_flat_and_its_residual_is_filtered():
    random = np.random.default_rng(0)
    noise = ArrayImages(random.integers(0, 256, (300, 32, 32, 1), dtype=np.uint8))
    frequencies, profile = radial_profile(log_power_spectrum(noise))
    np.testing.assert_allclose(frequencies, np.arange(1, 17) / 32)
    assert np.ptp(profile[2:]) < 0.05
    # E log10 of exponential power is log10 of its mean less gamma / ln 10.
    mean = np.log10(np.var(np.arange(256) / 255) / 32**2) - np.euler_gamma / np.log(10)
    np.testing.assert_allclose(profile[2:].mean(), mean, atol=0.02)
    # The residual keeps 1 - exp(-2 (pi sigma f)^2) of the amplitude.
    _, residual = radial_profile(log_power_spectrum(noise, residual=True, sigma=1.0))
    kept = 2 * np.log10(1 - np.exp(-2 * (np.pi * frequencies) ** 2))
    np.testing.assert_allclose((residual - profile)[3:], kept[3:], atol=0.1)


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    """`python -m classifiers.explain` on fine noise against coarse noise."""
    folder = tmp_path_factory.mktemp("explanation")
    Detector(build("cnn", (24, 24, 3), seed=4)).save(folder / "detector")
    natural = write_noise(folder / "natural", 10, 1, ".png", 0)
    generated = write_noise(folder / "coarse", 12, 4, ".png", 1)
    done = commands.run(
        "-m", "classifiers.explain", f"--detector={folder / 'detector'}",
        f"--natural={natural}", f"--generated={generated}", "--split=all", "--images=3",
        f"--output={folder / 'report'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "report/index.html")
    return folder


def test_the_command_writes_the_spectra_it_took(explained):
    images = chosen(open_path(str(explained / "coarse"), 24, 3), "all", 100)
    with np.load(explained / "report/spectra.npz") as spectra:
        assert set(spectra) == {
            f"{kind}/{name}"
            for kind in ("images", "residuals")
            for name in ("natural images", "coarse")
        }
        found = spectra["residuals/coarse"]
    np.testing.assert_allclose(found, log_power_spectrum(images, residual=True))
    table = json.loads((explained / "report/profile-residuals.json").read_text())
    _, profile = radial_profile(found)
    np.testing.assert_allclose([row[1] for row in table["cells"]], profile)


def test_the_command_draws_images_above_their_maps(explained):
    grid = np.asarray(Image.open(explained / "report/hires-cam-0.png"))
    assert grid.shape == (2 * 24 + 2, 3 * 24 + 2 * 2, 3)
    images = chosen(open_path(str(explained / "natural"), 24, 3), "all", 100).read(np.arange(3))
    np.testing.assert_array_equal(grid[:24, :24], images[0])
    names = {path.name for path in (explained / "report").iterdir()}
    assert {"spectra-images.png", "profile-residuals.png", "index.html"} <= names
