"""CONTRIBUTING's recipes for an architecture and an augmentation, followed."""

import dataclasses
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.classifiers import ARCHITECTURES, ClassifierConfig, ClassifierTask, build
from gan_knowledge_gaps.classifiers.augmentation import AUGMENTATIONS, AugmentationConfig, augmented
from gan_knowledge_gaps.classifiers.backbones import BACKBONES, Backbone
from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.classifiers.export import export
from gan_knowledge_gaps.data import ArrayImages, InputError

SHAPE = (12, 12, 3)


def tiny(images: keras.KerasTensor, width: float) -> keras.KerasTensor:
    """Two layers to features."""
    x = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(images)
    return keras.layers.BatchNormalization()(x)


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", Backbone(title="Tiny", features=tiny, least_size=8))


def pool() -> tuple[ArrayImages, list[ArrayImages]]:
    images = np.random.default_rng(0).integers(0, 256, (2, 8, *SHAPE), dtype=np.uint8)
    return ArrayImages(images[0]), [ArrayImages(images[1])]


def trained(name: str, **options) -> keras.Model:
    """After one step."""
    task = ClassifierTask(name, ClassifierConfig(batch_size=8, width=0.5), *pool(), 0, **options)
    task.train_step(tf.constant(0, tf.int64), *map(tf.constant, task.batch(0)))
    return task.model


def test_one_line_is_an_architecture(registered, tmp_path):
    model = trained("tiny")
    assert ARCHITECTURES["tiny"].title == "Tiny" and "tiny" in list(ARCHITECTURES)
    # Half of 8 channels: 3 * 9 * 4 + 4, batch normalization's 16, the logit's 5.
    assert model.count_params() == 112 + 16 + 5
    fresh = build("tiny", SHAPE, 0, width=0.5).get_weights()
    assert all(np.any(a != b) for a, b in zip(model.get_weights(), fresh, strict=True))
    images = np.random.default_rng(1).uniform(0, 255, (3, *SHAPE)).astype(np.float32)
    expected = model(images, training=False)
    export(Detector(model), tmp_path / "exported")
    np.testing.assert_array_equal(load_detector(tmp_path / "exported").model(images), expected)
    served = tf.saved_model.load(tmp_path / "exported/saved_model/1").signatures["serve_images"]
    logits = served(images=tf.constant(images))["logit"]
    np.testing.assert_allclose(logits, expected[:, 0], atol=1e-5)


def test_a_width_that_an_architecture_lacks_is_one_line(registered, monkeypatch):
    wide = dataclasses.replace(BACKBONES["tiny"], is_narrowable=False)
    monkeypatch.setitem(BACKBONES, "tiny", wide)
    assert build("tiny", SHAPE, 0).output_shape == (None, 1)
    with pytest.raises(InputError, match=r"tiny has no width but 1, not 0\.5.*classifier_width=1"):
        build("tiny", SHAPE, 0, width=0.5)


def test_the_command_refuses_it_before_it_looks_for_data(tmp_path):
    program = (
        "import sys; from gan_knowledge_gaps.classifiers.backbones import BACKBONES, Backbone; "
        "BACKBONES['wide'] = Backbone(title='Wide', features=None, is_narrowable=False); "
        "from gan_knowledge_gaps.classifiers.train import main; main()"
    )
    flags = (
        f"--run={tmp_path / 'run'}", "--natural=/gone", "--generated=/gone",
        "--architecture=wide", "--classifier_width=0.5",
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", program, *flags], capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: wide has no width but 1, not 0.5") and len(line) < 300
    assert not (tmp_path / "run").exists()


@dataclasses.dataclass(frozen=True)
class WithInvert(AugmentationConfig):
    """The configuration with the recipe's field.

    Attributes:
        invert: Probability of a negative.
    """

    invert: float = 0.0


def invert(image: np.ndarray, config: WithInvert, random: np.random.Generator) -> np.ndarray:
    """255 - image."""
    return 255 - image if random.uniform() < config.invert else image


def test_a_function_and_a_field_are_an_augmentation(monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (8, *SHAPE), dtype=np.uint8)
    shifted = augmented(images, WithInvert(flip=0.5, shift=2), [0])
    monkeypatch.setitem(AUGMENTATIONS, "invert", invert)
    assert WithInvert().is_off and not WithInvert(invert=0.5).is_off
    np.testing.assert_array_equal(augmented(images, WithInvert(invert=1), [0]), 255 - images)
    # Its draws move nobody else's.
    every = augmented(images, WithInvert(flip=0.5, shift=2, invert=1), [0])
    np.testing.assert_array_equal(every, 255 - shifted)
    some = augmented(images, WithInvert(flip=0.5, shift=2, invert=0.5), [0])
    assert {np.array_equal(a, b) for a, b in zip(some, shifted, strict=True)} == {True, False}
    plain, inverted = (trained("cnn", augmentation=WithInvert(invert=x)) for x in (0, 1))
    pairs = zip(plain.get_weights(), inverted.get_weights(), strict=True)
    assert any(np.any(a != b) for a, b in pairs)
