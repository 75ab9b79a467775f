"""JPEG's modes against Pillow, and its gradient against finite differences."""

import functools
import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.datasets import load_sample_images

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.config import JPEG_MODES
from gan_knowledge_gaps.training.fooling import FoolingLoss
from gan_knowledge_gaps.training.jpeg import JPEGEncoding, codec, plain, with_jpeg_mode
from gan_knowledge_gaps.training.jpeg.tables import CHROMINANCE, COSINES, LUMINANCE, quantization


@functools.cache
def photographs(size: int = 128) -> np.ndarray:
    """Crops of the two photographs that come with scikit-learn, uint8 [6, size, size, 3]."""
    corners = ((0, 0), (150, 300), (280, 450))
    images = load_sample_images().images
    crops = [each[y : y + size, x : x + size] for each in images for y, x in corners]
    return np.stack(crops)


def pillow(images: np.ndarray, quality: int) -> np.ndarray:
    """Images through Pillow's encoder and decoder."""
    decoded = []
    for image in images:
        file = io.BytesIO()
        pixels = image[..., 0] if image.shape[-1] == 1 else image
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        decoded.append(np.asarray(Image.open(file)).reshape(image.shape))
    return np.stack(decoded)


def encoded(images: np.ndarray, quality: int, **options) -> np.ndarray:
    return JPEGEncoding(quality, **options)(images).numpy()


@pytest.mark.parametrize("quality", [1, 10, 50, 75, 95, 100])
@pytest.mark.parametrize("channels", [1, 3])
def test_photographs_become_pillows(quality, channels):
    images = photographs()[..., :channels]
    expected = pillow(images, quality)
    for mode in ("codec", "differentiable", "straight_through"):
        np.testing.assert_array_equal(encoded(images, quality, mode=mode), expected)


@pytest.mark.parametrize("quality", [1, 30, 50, 75, 100])
def test_tables_are_pillows(quality):
    file = io.BytesIO()
    Image.fromarray(photographs()[0]).save(file, "JPEG", quality=quality)
    tables = Image.open(file).quantization
    for index, table in enumerate((LUMINANCE, CHROMINANCE)):
        ours = quantization(table, tf.constant([quality]))[0].numpy().ravel()
        np.testing.assert_array_equal(ours, tables[index])


def test_cosines_are_orthonormal():
    np.testing.assert_allclose(COSINES @ COSINES.T, np.eye(8), atol=1e-12)


def test_each_image_has_its_quality():
    images = photographs(32)[:3]
    qualities = [20, 60, 95]
    for mode in ("codec", "differentiable"):
        together = JPEGEncoding(mode=mode)(images, quality=tf.constant(qualities)).numpy()
        for image, quality, got in zip(images, qualities, together, strict=True):
            np.testing.assert_array_equal(got, encoded(image[None], quality, mode=mode)[0])


def test_a_range_is_drawn_from_in_training_only():
    image = photographs(64)[1]
    layer = JPEGEncoding((60, 62))
    possible = [encoded(image[None], quality)[0] for quality in (60, 61, 62)]
    np.testing.assert_array_equal(layer(image[None])[0], possible[1])
    tf.random.set_seed(0)
    drawn = layer(np.repeat(image[None], 60, axis=0), training=True).numpy()
    counts = [sum(np.array_equal(each, one) for each in drawn) for one in possible]
    assert sum(counts) == 60 and min(counts) > 5


def soft_sum(images: np.ndarray, weights: np.ndarray, quality: int) -> float:
    output = plain.encode_decode(tf.constant(images), tf.constant([quality]), smooth=True)
    return float(tf.reduce_sum(output * weights))


@pytest.mark.parametrize(("channels", "quality"), [(1, 50), (3, 50), (3, 90)])
def test_the_gradient_is_the_soft_functions_derivative(channels, quality):
    random = np.random.default_rng(quality)
    # Far from 0 and 255, where clipping would make a kink.
    images = random.uniform(90, 160, (1, 18, 10, channels))
    weights = random.normal(size=images.shape)
    x = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(plain.encode_decode(x, tf.constant([quality]), smooth=True) * weights)
    gradient = tape.gradient(loss, x).numpy()
    step = 1e-5
    for index in random.choice(images.size, 25, replace=False):
        nudge = np.zeros(images.size)
        nudge[index] = step
        nudge = nudge.reshape(images.shape)
        slope = (
            soft_sum(images + nudge, weights, quality) - soft_sum(images - nudge, weights, quality)
        ) / (2 * step)
        np.testing.assert_allclose(gradient.ravel()[index], slope, rtol=1e-4, atol=1e-6)


def gradient_of(layer: JPEGEncoding, images: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    x = tf.constant(images, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x) * weights)
    gradient = tape.gradient(loss, x)
    return None if gradient is None else gradient.numpy()


def test_gradients_of_the_modes():
    images, weights = photographs(32)[:2], np.random.default_rng(0).normal(size=(2, 32, 32, 3))
    modes = ("differentiable", "straight_through", "codec")
    gradients = {mode: gradient_of(JPEGEncoding(75, mode), images, weights) for mode in modes}
    assert gradients["codec"] is None
    np.testing.assert_allclose(gradients["straight_through"], weights, rtol=1e-6)
    assert np.abs(gradients["differentiable"] - weights).mean() > 0.1


@pytest.mark.parametrize(("channels", "least"), [(1, 1 - 1e-9), (3, 0.95)])
def test_exact_and_soft_have_nearly_one_gradient(channels, least):
    """Far from clipping, only roundings before the coefficients differ, of which grey has none."""
    images = np.float64(60 + photographs(32)[:2, ..., :channels] // 2)
    weights, gradients = np.random.default_rng(0).normal(size=images.shape), []
    for smooth in (False, True):
        x = tf.constant(images)
        with tf.GradientTape() as tape:
            tape.watch(x)
            pixels = plain.encode_decode(x, tf.constant([75, 75]), smooth)
        gradients.append(tape.gradient(pixels, x, tf.constant(weights)).numpy().ravel())
    assert np.corrcoef(gradients)[0, 1] > least


def test_files_may_have_the_former_name():
    layer = JPEGEncoding.from_config({"quality": [60, 60], "mode": "exact"})
    assert layer.mode == "differentiable" and layer.get_config()["mode"] == "differentiable"


def test_files_ask_for_no_custom_operation():
    layer = JPEGEncoding(60, "differentiable", implementation="auto")
    assert JPEGEncoding.from_config(layer.get_config()).implementation == "tensorflow"


def classifier(mode: str) -> keras.Model:
    keras.utils.set_random_seed(0)
    images = keras.Input([32, 32, 3])
    scaled = keras.layers.Rescaling(1 / 255)(JPEGEncoding(75, mode)(images))
    features = keras.layers.Conv2D(4, 3, activation="relu")(scaled)
    return keras.Model(images, keras.layers.Dense(1)(keras.layers.Flatten()(features)))


def test_another_mode_shares_the_weights():
    images, model = photographs(32)[:2], classifier("codec")
    before = model(images).numpy()
    plain = with_jpeg_mode(model, "none")
    inner = keras.Model(model.layers[2].input, model.output)
    np.testing.assert_allclose(plain(images), inner(images.astype("f")), rtol=1e-5)
    assert np.any(plain(images).numpy() != before)
    np.testing.assert_array_equal(with_jpeg_mode(model, "differentiable")(images), before)
    np.testing.assert_array_equal(model(images), before)  # It keeps its own mode.
    assert all(a is b for a, b in zip(plain.variables, model.variables, strict=True))
    assert with_jpeg_mode(inner, "none") is inner


def test_the_fooling_loss_has_a_gradient_through_every_mode():
    images, model = photographs(32)[:2].astype("f"), classifier("codec")
    slopes = {}
    for mode in JPEG_MODES:
        x = tf.constant(images)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = FoolingLoss([model], 2.0, (32, 32, 3), jpeg=mode)(x)
        slopes[mode] = tape.gradient(loss, x).numpy()
        seen = images if mode == "none" else encoded(images, 75)
        logits = with_jpeg_mode(model, "none")(seen).numpy()[:, 0]
        np.testing.assert_allclose(loss, 2 * np.log1p(np.exp(logits)), rtol=1e-4)
        assert np.all(np.any(slopes[mode] != 0, axis=(1, 2, 3)))
    assert np.abs(slopes["differentiable"] - slopes["straight_through"]).max() > 0


def test_the_fooling_loss_refuses_what_has_no_gradient():
    model = classifier("codec")
    with pytest.raises(InputError, match="no gradient reaches the images"):
        FoolingLoss([lambda images, training: model(images)], 1.0, (32, 32, 3))


def test_xla_and_replicas_give_the_same():
    images, layer = photographs(32)[:2], JPEGEncoding(60, "differentiable")
    expected = layer(images).numpy()
    compiled = tf.function(layer, jit_compile=True)(tf.constant(images)).numpy()
    np.testing.assert_array_equal(compiled, expected)
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    np.testing.assert_array_equal(strategy.run(layer, args=(tf.constant(images),)), expected)


@pytest.mark.long
def test_a_saved_model_and_a_keras_file_hold_it(tmp_path):
    images = photographs(32)[:2].astype(np.float32)
    model = classifier("differentiable")
    model.save(tmp_path / "model.keras")
    model.export(tmp_path / "saved", verbose=False)
    expected = model(images).numpy()
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(images).numpy(), expected)
    saved = tf.saved_model.load(tmp_path / "saved")
    np.testing.assert_allclose(saved.serve(images), expected, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize(
    "arguments", [{"quality": 0}, {"quality": 101}, {"quality": (80, 70)}, {"mode": "best"}]
)
def test_numbers_out_of_range_are_refused(arguments):
    with pytest.raises(InputError, match="JPEG"):
        JPEGEncoding(**arguments)


@pytest.mark.parametrize("size", [32, None])
def test_the_codec_takes_batches_of_any_length(size):
    images = photographs(32)
    spec = [tf.TensorSpec([None, size, size, 3], tf.uint8), tf.TensorSpec([None], tf.int32)]
    function = tf.function(codec.encode_decode, spec)
    np.testing.assert_array_equal(function(images, tf.fill([6], 40)), pillow(images, 40))
    if size is not None:
        assert function(images[:0], tf.fill([0], 40)).shape == (0, 32, 32, 3)
