"""The detectors' layers against the literature's counts, strides and Keras Applications."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.classifiers import ARCHITECTURES, ClassifierConfig, ClassifierTask, build
from gan_knowledge_gaps.classifiers.backbones import BACKBONES
from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.classifiers.hires_cam import hires_cam
from gan_knowledge_gaps.classifiers.resnet import resnet50
from gan_knowledge_gaps.data import ArrayImages, InputError

APPLICATIONS = {
    "inception_v3": keras.applications.InceptionV3,
    "mobilenet_v2": keras.applications.MobileNetV2,
    "resnet50_v2": keras.applications.ResNet50V2,
    "densenet121": keras.applications.DenseNet121,
    "xception": keras.applications.Xception,
    "efficientnet_v2_b0": keras.applications.EfficientNetV2B0,
    "convnext_tiny": keras.applications.ConvNeXtTiny,
}
HAVE_PREPROCESSING = ("efficientnet_v2_b0", "convnext_tiny")
# Without the head, of ResNet-50 v1.5 as the literature has it.
RESNET50_PARAMETERS = 23_561_152


TABLE = (Path(__file__).parents[2] / "docs/detectors.md").read_text()


def least_shape(name: str) -> tuple[int, int, int]:
    return (BACKBONES[name].least_size,) * 2 + (3,)


def test_resnet_has_the_literatures_parameters():
    model = build("resnet50", (32, 32, 3), seed=0)
    assert model.count_params() == RESNET50_PARAMETERS + 2048 + 1
    assert f"| {model.count_params():,} | 32 |" in TABLE
    assert model.output_shape == (None, 1)


def test_resnet_has_v1_5s_strides():
    """Stride 2 in the stem and in the 3x3 and shortcut convolutions of stages 2 to 4 only."""
    images = keras.Input([224, 224, 3])
    model = keras.Model(images, resnet50(images))
    assert model.output_shape == (None, 7, 7, 2048)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convolutions) == 1 + 3 * (3 + 4 + 6 + 3) + 4
    strided = [
        (layer.kernel_size[0], layer.filters) for layer in convolutions if layer.strides[0] == 2
    ]
    assert sorted(strided) == sorted(
        [(7, 64), (3, 128), (3, 256), (3, 512), (1, 512), (1, 1024), (1, 2048)]
    )
    assert not any(layer.use_bias for layer in convolutions)


def test_a_bottleneck_is_its_formula():
    """ResNet's first block from its own weights, in float64."""
    images = keras.Input([8, 8, 3])
    whole = keras.Model(images, resnet50(images, width=0.125))
    first = next(layer for layer in whole.layers if isinstance(layer, keras.layers.Add))
    block = keras.Model(images, [first.input[0], first.input[1], whole.layers[4].output])
    deep, shortcut, pooled = block(np.random.default_rng(0).normal(size=(2, 8, 8, 3)))

    def settled(x: np.ndarray, layer: keras.layers.Conv2D) -> np.ndarray:
        """A convolution of stride 1, then fresh batch normalization: x / sqrt(1 + epsilon)."""
        kernel = layer.kernel.numpy().astype(float)
        size = kernel.shape[0]
        x = np.pad(x, [(0, 0), *[(size // 2,) * 2] * 2, (0, 0)])
        windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
        return np.einsum("nhwcij,ijcd->nhwd", windows, kernel) / np.sqrt(1 + 1e-5)

    convolutions = [layer for layer in whole.layers if isinstance(layer, keras.layers.Conv2D)]
    by_shape = {tuple(layer.kernel.shape): layer for layer in convolutions[1:5]}
    x = pooled.numpy().astype(float)
    expected = settled(x, by_shape[1, 1, 8, 8]).clip(0)
    expected = settled(expected, by_shape[3, 3, 8, 8]).clip(0)
    outputs = [layer for layer in convolutions[1:5] if layer.kernel.shape[-1] == 32]
    candidates = [settled(expected, layer) for layer in outputs]
    assert min(np.abs(each - deep.numpy()).max() for each in candidates) < 1e-5
    candidates = [settled(x, layer) for layer in outputs]
    assert min(np.abs(each - shortcut.numpy()).max() for each in candidates) < 1e-5


def test_every_other_is_compared_with_kerass():
    assert {"resnet50", *APPLICATIONS} == set(BACKBONES)
    assert ["cnn", *BACKBONES] == list(ARCHITECTURES)
    titles = [each.title for each in ARCHITECTURES.values()]
    assert len(set(titles)) == len(titles) and "MobileNetV2" in titles and "CNN" in titles


@pytest.mark.long
@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_others_are_kerass_own(name):
    """Scaling once, the application with the same weights, pooling, and the logit."""
    shape = least_shape(name)
    options = {"include_preprocessing": False} if name in HAVE_PREPROCESSING else {}
    ours = build(name, shape, seed=3)
    application = APPLICATIONS[name](include_top=False, weights=None, input_shape=shape, **options)
    assert ours.count_params() == application.count_params() + application.output_shape[-1] + 1
    assert f"| `{name}` | {BACKBONES[name].title} | {ours.count_params():,} | {shape[0]} |" in TABLE
    weights = ours.get_weights()
    application.set_weights(weights[:-2])
    images = np.random.default_rng(0).uniform(0, 255, (2, *shape)).astype("f")
    features = application(images / 127.5 - 1, training=False).numpy().mean(axis=(1, 2))
    expected = features @ weights[-2] + weights[-1]
    np.testing.assert_allclose(ours(images), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.long
def test_weights_are_those_of_the_seed_alone():
    first, again, other = (
        build("mobilenet_v2", (32, 32, 3), seed, width=0.25) for seed in (1, 1, 2)
    )
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert first.get_config() == again.get_config()  # Keras' counters of names have moved between.
    pairs = zip(first.weights, other.get_weights(), strict=True)
    assert all(np.any(a.numpy() != b) for a, b in pairs if "kernel" in a.name)


@pytest.mark.long
def test_normalization_has_one_momentum_and_spans_replicas():
    for name in ("mobilenet_v2", "resnet50"):
        layers = build(name, (32, 32, 3), 0, width=0.1).layers
        normalizations = [x for x in layers if isinstance(x, keras.layers.BatchNormalization)]
        assert normalizations
        assert all(x.momentum == 0.9 and x.synchronized for x in normalizations)


def test_precision_leaves_scaling_and_logits_in_float32():
    model = build("mobilenet_v2", (32, 32, 3), 0, "mixed_bfloat16", width=0.25)
    assert model.layers[1].compute_dtype == "float32" == model.layers[-1].compute_dtype
    assert {layer.compute_dtype for layer in model.layers[2:-1]} == {"bfloat16"}
    assert model(np.zeros([1, 32, 32, 3])).dtype == tf.float32


@pytest.mark.long
def test_jpeg_comes_first():
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("f")
    plain = build("mobilenet_v2", (32, 32, 3), 0, width=0.25)
    encoded = build("mobilenet_v2", (32, 32, 3), 0, width=0.25, jpeg_quality=50)
    layer = encoded.get_layer("jpeg")
    np.testing.assert_allclose(encoded(images), plain(layer(images)), rtol=1e-5)
    assert np.any(encoded(images).numpy() != plain(images).numpy())


@pytest.mark.long
@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50", "efficientnet_v2_b0"])
def test_a_narrow_one_trains_explains_and_is_saved(name, tmp_path):
    """In bfloat16, at a width whose channels have to be rounded."""
    shape = least_shape(name)
    images = np.random.default_rng(0).integers(0, 256, (2, 16, *shape), dtype="u1")
    config = ClassifierConfig(
        batch_size=16, width=0.07, precision="mixed_bfloat16", jpeg_quality=75
    )
    task = ClassifierTask(name, config, ArrayImages(images[0]), [ArrayImages(images[1])], seed=0)
    variables = task.model.weights
    before = [variable.numpy() for variable in variables]
    assert len(before) > 100
    task.train_step(tf.constant(0, tf.int64), *map(tf.constant, task.batch(0)))
    unmoved = [
        each.path
        for each, old in zip(variables, before, strict=True)
        if np.all(each.numpy() == old)
    ]
    assert not unmoved
    logits = task.model(images[0])
    assert logits.dtype == tf.float32 and logits.shape == (16, 1) and np.isfinite(logits).all()
    maps = hires_cam(task.model, images[0, :2])
    assert maps.shape == (2, *shape[:2]) and np.isfinite(maps).all() and maps.min() >= 0
    Detector(task.model).save(tmp_path)
    np.testing.assert_array_equal(load_detector(tmp_path).model(images[0]), logits)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resnet50", (16, 32, 3)), "at least 32x32, not 16x32"),
        (("inception_v3", (64, 64, 3)), "at least 75x75"),
        (("vgg", (64, 64, 3)), "there are: cnn, resnet50, inception_v3, mobilenet_v2"),
    ],
)
def test_what_cannot_be_built_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        build(*arguments, seed=0)


@pytest.mark.long
def test_inceptions_width_scales_its_channels():
    model = build("inception_v3", (75, 75, 3), 0, width=0.25)
    convolutions = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    whole = keras.applications.InceptionV3(False, None, input_shape=(75, 75, 3))
    filters = [x.filters for x in whole.layers if isinstance(x, keras.layers.Conv2D)]
    assert [x.filters for x in convolutions] == [each // 4 for each in filters]
    # The last block joins 320, 384 x 4 and 192 channels.
    assert model.layers[-1].kernel.shape == (2048 // 4, 1)


@pytest.mark.long
@pytest.mark.parametrize(("name", "least"), [("resnet50", 32), ("inception_v3", 75)])
def test_small_images_are_enlarged_where_that_is_asked_for(name, least):
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1)).astype(np.float32)
    model = build(name, (8, 8, 1), 0, width=1 / 16, enlarge=True)
    first = next(x for x in model.layers if isinstance(x, keras.layers.Conv2D))
    seen = keras.Model(model.inputs[0], first.input)(images)
    bilinear = tf.image.resize(images, (least, least)) / 127.5 - 1
    np.testing.assert_allclose(seen, bilinear, atol=1e-6)
    assert model.count_params() == build(name, (least, least, 1), 0, width=1 / 16).count_params()
