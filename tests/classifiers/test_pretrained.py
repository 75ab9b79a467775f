"""Trainings that begin with other images' weights, against Keras' own networks and formulas."""

from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.special import expit

from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.classifiers.pretrained import (
    check_weights,
    feature_network,
    fit_probe,
    start_from,
)
from gan_knowledge_gaps.data import ArrayImages, InputError

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "application", "options", "scaled"),
    [
        ("mobilenet_v2", "MobileNetV2", {"alpha": 0.35}, lambda x: x / 127.5 - 1),
        # It scales pixels by ImageNet's statistics itself.
        ("efficientnet_v2_b0", "EfficientNetV2B0", {}, lambda x: x),
    ],
)
def test_features_are_those_of_kerass_network_on_its_own_scale(
    name, application, options, scaled, tmp_path
):
    keras.utils.set_random_seed(1)
    theirs = getattr(keras.applications, application)(
        include_top=False, weights=None, pooling="avg", input_shape=(32, 32, 3), **options
    )
    file = tmp_path / "theirs.weights.h5"
    theirs.save_weights(file)
    width = options.get("alpha", 1.0)
    check_weights(str(file), name, 3, width)
    ours = build(name, (32, 32, 3), 0, width=width)
    head = ours.get_weights()[-2:]
    start_from(ours, str(file), name, width)
    expected = theirs(scaled(IMAGES.astype("f")), training=False)
    found = feature_network(ours)(IMAGES.astype("f"))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())
    for a, b in zip(ours.get_weights()[-2:], head, strict=True):
        np.testing.assert_array_equal(a, b)
    # What it began with goes into its file: another detector begins with that.
    Detector(ours).save(tmp_path / "detector")
    third = build(name, (32, 32, 3), 5, width=width, jpeg_quality=75)
    start_from(third, str(tmp_path / "detector"), name, width)
    encoded = third.get_layer("jpeg")(IMAGES.astype("f"))
    np.testing.assert_allclose(
        feature_network(third)(IMAGES.astype("f")), feature_network(ours)(encoded), rtol=1e-3
    )


def test_weights_that_cannot_be_are_refused(tmp_path):
    empty = tmp_path / "empty.h5"
    empty.write_bytes(b"")
    for arguments, message in (
        (("nowhere.h5", "mobilenet_v2", 3, 1.0), "nowhere.h5 is no file"),
        (("imagenet", "resnet50", 3, 1.0), "no weights of resnet50.*resnet50_v2"),
        (("imagenet", "cnn", 3, 1.0), "no weights of cnn"),
        (("imagenet", "mobilenet_v2", 1, 1.0), "RGB"),
        (("imagenet", "mobilenet_v2", 3, 0.4), "width=0.4"),
    ):
        with pytest.raises(InputError, match=message):
            check_weights(*arguments)
    model = build("mobilenet_v2", (32, 32, 3), 0, width=0.35)
    with pytest.raises(InputError, match="cannot be had from"):
        start_from(model, str(empty), "mobilenet_v2", 0.35)
    Detector(build("cnn", (32, 32, 3), 0)).save(tmp_path / "cnn")
    with pytest.raises(InputError, match="another network than mobilenet_v2"):
        start_from(model, str(tmp_path / "cnn"), "mobilenet_v2", 0.35)


def test_a_probe_fits_the_last_layer_only():
    random = np.random.default_rng(0)
    sets = [  # natural, generated; of training and of validation
        [
            ArrayImages(random.integers(0, most, (count, 12, 12, 1), dtype=np.uint8))
            for most in (256, 200)
        ]
        for count in (60, 30)
    ]
    model = build("cnn", (12, 12, 1), 0, jpeg_quality=90)
    before = model.get_weights()
    loss = fit_probe(model, *map(tuple, sets))
    after = model.get_weights()
    for a, b in zip(before[:-2], after[:-2], strict=True):
        np.testing.assert_array_equal(a, b)
    natural, generated = (
        model(each.read(np.arange(30)).astype("f")).numpy()[:, 0].astype(float) for each in sets[1]
    )
    expected = -(np.log(expit(-natural)).mean() + np.log(expit(generated)).mean()) / 2
    assert loss == pytest.approx(expected, rel=1e-3) and loss < 0.4


def test_a_folder_named_as_the_weights_is_not_taken_for_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("imagenet").mkdir()
    with pytest.raises(InputError, match="no weights of resnet50"):
        check_weights("imagenet", "resnet50", 3, 1.0)
