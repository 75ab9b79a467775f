"""A detector's folder, and what it says of images."""

import json
import shutil

import keras
import numpy as np
import pytest

from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.data import ArrayImages, InputError


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(build("cnn", (12, 12, 3), seed=4), 2.5, "box", {"architecture": "cnn"})


def test_a_folder_gives_back_what_was_saved(detector, tmp_path):
    detector.save(tmp_path / "new")
    again = load_detector(tmp_path / "new")
    assert (again.temperature, again.resize_filter, again.info) == (2.5, "box", detector.info)
    assert again.image_shape == (12, 12, 3)
    images = ArrayImages(np.random.default_rng(0).integers(0, 256, (5, 12, 12, 3), dtype="u1"))
    np.testing.assert_array_equal(again.logits(images), detector.logits(images))
    logits = np.array([-2.0, 0, 3])
    for name, temperature, resize_filter in (("model", 2.5, "box"), ("copy", 2.5, "lanczos")):
        if name == "copy":  # of another name: what is in the file itself is known of it
            shutil.copy(tmp_path / "new/model.keras", tmp_path / "new/copy.keras")
        file = load_detector(tmp_path / f"new/{name}.keras")
        assert (file.temperature, file.resize_filter) == (temperature, resize_filter)
        expected = 1 / (1 + np.exp(-logits / temperature))
        np.testing.assert_allclose(file.probability(logits), expected, rtol=1e-12)


def test_probability_is_the_tempered_sigmoid(detector):
    logits = np.array([-1000, -1.0, 0, 3.0, 1000])
    expected = [0, 1 / (1 + np.exp(1 / 2.5)), 0.5, 1 / (1 + np.exp(-3 / 2.5)), 1]
    np.testing.assert_allclose(detector.probability(logits), expected, atol=1e-12)


def test_what_is_no_detector_is_refused(detector, tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        load_detector(tmp_path)
    (tmp_path / "model.keras").write_text("nothing")
    with pytest.raises(InputError, match="cannot be read as a Keras model"):
        load_detector(tmp_path)
    keras.Sequential([keras.Input([4]), keras.layers.Dense(1)]).save(tmp_path / "model.keras")
    with pytest.raises(InputError, match="is no classifier"):
        load_detector(tmp_path)
    detector.save(tmp_path)
    (tmp_path / "detector.json").write_text(json.dumps({})[:1])
    with pytest.raises(InputError, match=r"detector\.json is damaged"):
        load_detector(tmp_path)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        *(({"temperature": each}, "temperature") for each in (0, -1, np.nan, np.inf, "1", None)),
        ({"resize_filter": "bicubic"}, "resize_filter"),
        ({"resize_filter": None}, "resize_filter"),
        ({"classifier": {"width": "wide"}}, "classifier.width"),
        ({"classifier": 5}, "classifier"),
        ({"architecture": []}, "architecture"),
    ],
)  # fmt: skip
def test_a_description_that_makes_no_sense_is_refused(detector, tmp_path, change, key):
    detector.save(tmp_path)
    path = tmp_path / "detector.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError) as caught:
        load_detector(tmp_path)
    message = str(caught.value)
    assert str(path) in message and len(message) <= 300
    assert key in message or "no number" in message  # NaN and Infinity are no JSON
    for content in ("[]", "null", "[" * 100_000):
        path.write_text(content)
        with pytest.raises(InputError, match=r"detector\.json is damaged"):
            load_detector(tmp_path)
