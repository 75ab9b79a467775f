"""Feature extractors: random VGG16 in float64, Keras models by file, and their names."""

import keras
import numpy as np
import pytest

from gan_knowledge_gaps.data import InputError, sha256_file
from gan_knowledge_gaps.evaluation.evaluator import score_name
from gan_knowledge_gaps.evaluation.extractors import open_extractor

# Simonyan and Zisserman 2015, configuration D: filters of each convolution, "M" for a pooling.
VGG16 = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"]


def vgg16(images: np.ndarray) -> np.ndarray:
    """Features [N, 512] of images [N, 32, 32, 3] by the definition, in float64."""
    random = np.random.RandomState(0)
    x = images.astype(np.float64) / 127.5 - 1
    for layer in VGG16:
        if layer == "M":
            count, height, width, channels = x.shape
            x = x.reshape(count, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))
            continue
        inputs = x.shape[-1]
        kernel = random.standard_normal((3, 3, inputs, layer)) * np.sqrt(2 / (9 * inputs))
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
        x = np.maximum(np.einsum("nhwcij,ijcf->nhwf", windows, kernel, optimize=True), 0)
    return x.mean(axis=(1, 2))


@pytest.fixture(scope="module")
def random_vgg16():
    return open_extractor("random-vgg16")


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)


def test_random_vgg16_is_its_definition(images, random_vgg16):
    features = random_vgg16(images)
    assert features.shape == (3, 512) and features.dtype == np.float32
    np.testing.assert_allclose(features, vgg16(images), rtol=1e-3, atol=1e-5)


def test_random_vgg16_takes_any_size_and_grey_images(images, random_vgg16):
    grey = images[..., :1]
    np.testing.assert_allclose(
        random_vgg16(grey), random_vgg16(np.repeat(grey, 3, axis=-1)), rtol=1e-5, atol=1e-6
    )
    constant = np.full((1, 8, 8, 3), 200, np.uint8)
    enlarged = np.full((1, 32, 32, 3), 200, np.uint8)
    np.testing.assert_allclose(random_vgg16(constant), random_vgg16(enlarged), rtol=1e-5, atol=1e-6)
    assert random_vgg16(np.zeros((2, 48, 64, 3), np.uint8)).shape == (2, 512)


def test_the_digest_is_of_the_weights(random_vgg16):
    assert open_extractor("random-vgg16").sha256 == random_vgg16.sha256
    assert len(random_vgg16.sha256) == 64


def save_model(path, *layers) -> str:
    keras.Sequential([keras.Input((8, 8, 3)), *layers]).save(path)
    return str(path)


def test_a_keras_file_is_named_by_its_name_and_hash(tmp_path):
    path = save_model(tmp_path / "mean.keras", keras.layers.GlobalAveragePooling2D())
    extractor = open_extractor(path)
    assert (extractor.name, extractor.sha256) == ("mean.keras", sha256_file(path))
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)
    np.testing.assert_allclose(extractor(images), images.mean(axis=(1, 2)), rtol=1e-5)
    dense = save_model(tmp_path / "dense.keras", keras.layers.Flatten(), keras.layers.Dense(2))
    with pytest.raises(InputError, match=r"dense\.keras takes no images of \(9, 9, 1\)"):
        open_extractor(dense)(np.zeros((2, 9, 9, 1), np.uint8))
    broken = keras.layers.Rescaling(float("nan")), keras.layers.Flatten()
    with pytest.raises(InputError, match=r"nan\.keras gives features that are not finite"):
        open_extractor(save_model(tmp_path / "nan.keras", *broken))(images)


def test_only_the_inception_graph_makes_an_fid(random_vgg16):
    class Standard:
        name, is_inception = "inception-2015-12-05", True

    assert [score_name(name, Standard) for name in ("FID", "KID", "precision")] == [
        "FID", "KID", "precision",
    ]  # fmt: skip
    assert [score_name(name, random_vgg16) for name in ("FID", "KID", "precision")] == [
        "frechet distance (random-vgg16)", "kernel distance (random-vgg16)",
        "precision (random-vgg16)",
    ]  # fmt: skip


def test_what_cannot_be_an_extractor_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"--inception is missing: .*nothing is downloaded"):
        open_extractor("inception")
    with pytest.raises(InputError, match=r"random-vgg16"):
        open_extractor("vgg19")
    (tmp_path / "text.keras").write_text("no model")
    with pytest.raises(InputError, match=r"--features: .*text\.keras cannot be read"):
        open_extractor(str(tmp_path / "text.keras"))
    for name, layers in {
        "maps": [keras.Input([8, 8, 3]), keras.layers.Conv2D(2, 3)],
        "vector": [keras.Input([4]), keras.layers.Dense(2)],
    }.items():
        keras.Sequential(layers).save(tmp_path / f"{name}.keras")
        with pytest.raises(InputError, match=rf"{name}\.keras maps .* to features \[N, D\]"):
            open_extractor(str(tmp_path / f"{name}.keras"))
