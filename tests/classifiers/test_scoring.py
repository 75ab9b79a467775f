"""Scoring: one graph for each model, with the model's numbers, for as long as the model lives."""

import gc
import warnings
import weakref

import keras
import numpy as np
import pytest

from gan_knowledge_gaps.classifiers import build, predict
from gan_knowledge_gaps.classifiers.scoring import _graphs
from gan_knowledge_gaps.data import ArrayImages


def noise(count: int, shape: tuple[int, int, int]) -> ArrayImages:
    random = np.random.default_rng(count)
    return ArrayImages(random.integers(0, 256, (count, *shape), dtype=np.uint8))


class Counting(keras.layers.Layer):
    """Passes images on, and counts how often its Python code runs."""

    runs = 0

    def call(self, images):
        Counting.runs += 1
        return images


def test_a_model_is_traced_once_for_batches_of_any_length():
    images = keras.Input([9, 7, 1])
    pixels = keras.layers.Flatten()(Counting()(images))
    model = keras.Model(images, keras.layers.Dense(2)(pixels))
    kernel, bias = model.get_weights()
    before = Counting.runs
    for count in (1, 3, 0, 513, 2):  # 513 is a batch, and one more
        many = noise(count, (9, 7, 1))
        expected = many.read(np.arange(count)).reshape(count, 63) @ kernel.astype(float) + bias
        np.testing.assert_allclose(predict(model, many), expected, rtol=1e-4, atol=1e-3)
    assert Counting.runs == before + 1
    model.set_weights([2 * kernel, bias + 1])  # The graph reads the weights that there are.
    np.testing.assert_allclose(predict(model, many), 2 * expected + 1 - bias, rtol=1e-4, atol=1e-3)
    assert Counting.runs == before + 1


@pytest.mark.long
@pytest.mark.parametrize("jpeg_quality", [0, 75])
def test_it_is_inference_on_whole_numbers(jpeg_quality):
    """Moving statistics, no dropout; bytes and the floats of the same values give the same."""
    shape = (33, 40, 3)
    model = build("mobilenet_v2", shape, 0, width=0.1, jpeg_quality=jpeg_quality)
    random = np.random.default_rng(0)
    for variable in model.non_trainable_variables:
        least, most = (0.1, 0.5) if "variance" in variable.path else (-0.1, 0.1)
        variable.assign(random.uniform(least, most, variable.shape))
    images = noise(3, shape)
    pixels = images.read(np.arange(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # Keras doubts of inputs come as warnings
        expected = model(pixels.astype("f"), training=False).numpy()
        np.testing.assert_array_equal(model(pixels), expected)
        found = predict(model, images)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert np.ptp(expected) > 1e-4
    assert np.any(np.abs(model(pixels, training=True) - expected) > 1e-3)


def test_a_graph_goes_with_its_model():
    gc.collect()
    before = len(_graphs)
    model = build("cnn", (12, 12, 1), 0)
    predict(model, noise(2, (12, 12, 1)))
    assert len(_graphs) == before + 1
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None and len(_graphs) == before
