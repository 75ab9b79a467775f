"""A detector's file: in Keras' own operations, with the codec's pixels, and back again."""

import json
import zipfile

import keras
import numpy as np
import pytest

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.complete_models import complete
from gan_knowledge_gaps.training.jpeg import JPEGEncoding, codec, with_jpeg_network
from gan_knowledge_gaps.training.keras_models import load_with_temperature

SHAPE = (21, 19, 3)


def classifier(quality: int | tuple[int, int] = 75, channels: int = 3) -> keras.Model:
    keras.utils.set_random_seed(0)
    shape = (*SHAPE[:2], channels)
    images = keras.Input(shape)
    inner = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Conv2D(3, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    encoded = JPEGEncoding(quality, dtype="float32", name="jpeg")(images)
    return keras.Model(images, inner(encoded), name="encoding_classifier")


def pixels(count: int, channels: int = 3) -> np.ndarray:
    """Smooth ones and noise."""
    random = np.random.default_rng(0)
    smooth = 128 + 4 * random.normal(size=(count, *SHAPE[:2], channels)).cumsum(1).cumsum(2)
    images = np.clip(smooth, 0, 255).astype(np.uint8)
    images[::3] = random.integers(0, 256, images[::3].shape)
    return images


@pytest.mark.parametrize(("channels", "quality"), [(1, 60), (3, 40), (3, 75), (3, 98)])
def test_the_networks_pixels_are_the_codecs(channels, quality):
    shape = (*SHAPE[:2], channels)
    images = keras.Input(shape)
    model = keras.Model(images, JPEGEncoding(quality)(images))
    network = with_jpeg_network(model)
    assert not any(isinstance(layer, JPEGEncoding) for layer in network.layers)
    given = pixels(30, channels)
    expected = codec.encode_decode(given, np.full(len(given), quality))
    np.testing.assert_array_equal(network(given.astype("f")), expected)


def test_a_file_gives_back_the_classifier_and_its_temperature(tmp_path):
    model = classifier((60, 91))
    complete(model, 2.5).save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        config = json.loads(archive.read("config.json"))
    modules = set(_values(config, "module")) | {str(x) for x in _values(config, "registered_name")}
    assert not any("training" in each for each in modules if each)
    again, temperature = load_with_temperature(tmp_path)
    assert temperature == pytest.approx(2.5, rel=1e-12)
    (layer,) = (each for each in again.layers if isinstance(each, JPEGEncoding))
    assert (layer.quality, layer.mode, layer.name) == ((60, 91), "codec", "jpeg")
    images = pixels(6).astype("f")
    np.testing.assert_array_equal(again(images), model(images))
    read = keras.models.load_model(tmp_path / "model.keras")(pixels(6))
    logits = model(images).numpy()[:, 0].astype(float) / 2.5
    np.testing.assert_allclose(read["logit"], logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(read["probability_generated"], 1 / (1 + np.exp(-logits)), atol=1e-5)


def _values(config, key: str):
    """All values of a key in nested JSON values."""
    if isinstance(config, dict):
        yield from (value for name, value in config.items() if name == key)
        config = list(config.values())
    if isinstance(config, list):
        for each in config:
            yield from _values(each, key)


def test_a_file_of_that_name_without_the_parts_is_refused(tmp_path):
    images = keras.Input(SHAPE)
    logit = keras.layers.Dense(1)(keras.layers.Flatten()(images))
    keras.Model(images, logit, name=complete(classifier(), 1.0).name).save(tmp_path / "x.keras")
    with pytest.raises(InputError, match="as a detector"):
        load_with_temperature(tmp_path / "x.keras")
