"""The detectors' layers against the literature's counts, strides and Keras Applications."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from classifiers import ClassifierConfig, ClassifierTask, build
from classifiers.resnet import resnet50
from data import ArrayImages, InputError

# Parameters without the head: ResNet-50 v1.5, and Keras Applications without top.
PARAMETERS = {
    "resnet50": ((32, 32, 3), 23_561_152),
    "inception_v3": ((75, 75, 3), 21_802_784),
    "mobilenet_v2": ((32, 32, 3), 2_257_984),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_counts(name):
    shape, expected = PARAMETERS[name]
    model = build(name, shape, seed=0)
    features = model.layers[-1].input.shape[-1]
    assert model.count_params() - (features + 1) == expected
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


@pytest.mark.parametrize("name", ["mobilenet_v2", "inception_v3"])
def test_the_others_are_kerass_own(name):
    """Scaling, the application with the same weights, pooling, and the logit."""
    shape = PARAMETERS[name][0]
    ours = build(name, shape, seed=3)
    application = {
        "mobilenet_v2": keras.applications.MobileNetV2,
        "inception_v3": keras.applications.InceptionV3,
    }[name](include_top=False, weights=None, input_shape=shape)
    weights = ours.get_weights()
    application.set_weights(weights[:-2])
    images = np.random.default_rng(0).uniform(0, 255, (2, *shape)).astype("f")
    features = application(images / 127.5 - 1, training=False).numpy().mean(axis=(1, 2))
    expected = features @ weights[-2] + weights[-1]
    np.testing.assert_allclose(ours(images), expected, rtol=1e-3, atol=1e-5)


def test_weights_are_those_of_the_seed_alone():
    keras.layers.Conv2D(3, 3)  # Moves Keras' counters of names.
    first, again, other = (
        build("mobilenet_v2", (32, 32, 3), seed, width=0.25) for seed in (1, 1, 2)
    )
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [layer.name for layer in first.layers] == [layer.name for layer in again.layers]
    assert any(
        np.any(a != b) for a, b in zip(first.get_weights(), other.get_weights(), strict=True)
    )


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


def test_jpeg_comes_first():
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("f")
    plain = build("mobilenet_v2", (32, 32, 3), 0, width=0.25)
    encoded = build("mobilenet_v2", (32, 32, 3), 0, width=0.25, jpeg_quality=50)
    layer = encoded.get_layer("jpeg")
    np.testing.assert_allclose(encoded(images), plain(layer(images)), rtol=1e-5)
    assert np.any(encoded(images).numpy() != plain(images).numpy())


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50"])
def test_a_step_moves_every_weight_and_the_statistics(name):
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 32, 32, 3), dtype="u1")
    config = ClassifierConfig(batch_size=16, width=0.1, jpeg_quality=75)
    task = ClassifierTask(name, config, ArrayImages(images[0]), [ArrayImages(images[1])], seed=0)
    before = task.model.get_weights()
    task.train_step(tf.constant(0, tf.int64), *map(tf.constant, task.batch(0)))
    after = task.model.get_weights()
    assert len(before) > 100
    assert all(np.any(a != b) for a, b in zip(before, after, strict=True))


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


def test_inceptions_width_scales_its_channels():
    model = build("inception_v3", (75, 75, 3), 0, width=0.25)
    convolutions = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    whole = keras.applications.InceptionV3(False, None, input_shape=(75, 75, 3))
    filters = [x.filters for x in whole.layers if isinstance(x, keras.layers.Conv2D)]
    assert [x.filters for x in convolutions] == [each // 4 for each in filters]
    # The last block joins 320, 384 x 4 and 192 channels.
    assert model.layers[-1].kernel.shape == (2048 // 4, 1)


@pytest.mark.parametrize(("name", "least"), [("resnet50", 32), ("inception_v3", 75)])
def test_small_images_are_enlarged_where_that_is_asked_for(name, least):
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1)).astype(np.float32)
    model = build(name, (8, 8, 1), 0, width=1 / 16, enlarge=True)
    first = next(x for x in model.layers if isinstance(x, keras.layers.Conv2D))
    seen = keras.Model(model.inputs[0], first.input)(images)
    bilinear = tf.image.resize(images, (least, least)) / 127.5 - 1
    np.testing.assert_allclose(seen, bilinear, atol=1e-6)
    assert model.count_params() == build(name, (least, least, 1), 0, width=1 / 16).count_params()
