"""Projection against closed forms, NumPy in float64, and pictures whose w is known."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.evaluation.perceptual import load_distance
from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig
from gan_knowledge_gaps.stylegan2.config import ProjectionConfig
from gan_knowledge_gaps.stylegan2.image_generator import ImageGenerator
from gan_knowledge_gaps.stylegan2.project import pictures_of
from gan_knowledge_gaps.stylegan2.projection import (
    Projection,
    learning_rate,
    multiscale_distance,
    noise_autocorrelation,
    w_statistics,
)
from gan_knowledge_gaps.training.digests import state_digest
from gan_knowledge_gaps.training.loop import Loop, LoopConfig

CONFIG = NetworkConfig(resolution=16, fmap_max=16, latent_dim=8, w_dim=8, mapping_layers=2)


@pytest.fixture(scope="module")
def generator() -> Generator:
    """A generator whose colours stay within [-1, 1], so that pictures hold all of them."""
    generator = Generator(CONFIG)
    for block in generator.synthesis.blocks:
        kernel = block.to_rgb.conv.weight
        kernel.assign(kernel * 0.1)
    return generator


def halved(x: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels of [N, H, W, C]."""
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def test_distance_is_the_mean_over_the_scales():
    a, b = np.random.default_rng(0).normal(size=(2, 3, 32, 32, 2))
    scales, difference = [], a - b
    for _ in range(3):  # 32, 16, 8
        scales.append((difference**2).mean(axis=(1, 2, 3)))
        difference = halved(difference)
    got = multiscale_distance(tf.constant(a, tf.float32), tf.constant(b, tf.float32))
    np.testing.assert_allclose(got, np.mean(scales, axis=0), rtol=1e-5)


def test_autocorrelation_is_that_of_the_paper():
    random = np.random.default_rng(1)
    noises = [random.normal(size=(1, size, size, 1)) for size in (4, 8, 16, 16)]
    expected = 0.0
    for noise in noises[1:]:
        while True:
            size = noise.shape[1]
            for dx, dy in ((1, 0), (0, 1)):
                products = [
                    noise[0, x, y, 0] * noise[0, x - dx, y - dy, 0]
                    for x in range(size)
                    for y in range(size)
                ]
                expected += (sum(products) / size**2) ** 2
            if size == 8:
                break
            noise = 2 * halved(noise)
    got = noise_autocorrelation([tf.constant(each, tf.float32) for each in noises])
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_learning_rate_rises_stays_and_falls():
    config = ProjectionConfig()
    shares = {0.0: 0.0, 0.025: 0.05, 0.05: 0.1, 0.5: 0.1, 0.75: 0.1, 0.875: 0.05, 1.0: 0.0}
    for share, expected in shares.items():
        np.testing.assert_allclose(learning_rate(config, tf.constant(share)), expected, atol=1e-7)


def test_statistics_of_w(generator):
    mean, deviation = w_statistics(generator, 3000)
    w = np.float64(generator.mapping(np.random.default_rng(5).normal(size=(3000, 8)))[:, 0])
    np.testing.assert_allclose(mean, w.mean(axis=0), atol=6 * w.std(axis=0).max() / 3000**0.5)
    expected = np.sqrt(((w - w.mean(axis=0)) ** 2).sum(axis=1).mean())
    np.testing.assert_allclose(deviation, expected, rtol=0.05)


def test_the_first_step_is_adams(generator):
    """Adam's first step is rate * sign(gradient): the loss goes down along each coordinate."""
    target = ImageGenerator(generator).pictures(
        ImageGenerator(generator).w(ImageGenerator(generator).z([3]))
    )[0]
    config = ProjectionConfig(w_samples=100, rampup=0, w_noise=0, learning_rate=1e-3, space="w+")
    task = Projection(generator, target, config)
    start = task.w.numpy()
    with tf.GradientTape() as tape:
        loss, _ = task._loss(tf.constant(0), tf.constant(0.0))
    slope = tape.gradient(loss, task.w).numpy()
    task.train_step(tf.constant(0, tf.int64))
    np.testing.assert_allclose(task.w.numpy() - start, -1e-3 * np.sign(slope), atol=1e-5)
    assert task.w.shape == (1, CONFIG.num_layers, 8)


def test_a_picture_of_the_network_is_found_again(generator, tmp_path):
    image_generator = ImageGenerator(generator, noise="none")
    target = image_generator.pictures(image_generator.w(image_generator.z([11])))[0]
    config = ProjectionConfig(steps=150, w_samples=200)
    task = Projection(generator, target, config)
    before = multiscale_distance(task._synthesize(task.w.value()), task.target)
    Loop(task, 150, tmp_path, label="projection", config=LoopConfig(sample_every=0)).run()
    found = image_generator.pictures(task.result())[0].astype(float)
    after = multiscale_distance(task._synthesize(task.w.value()), task.target)
    assert float(after[0]) < 0.02 * float(before[0])
    assert np.abs(found - target).mean() < 6  # grey levels
    for noise in task.noise:
        np.testing.assert_allclose([noise.numpy().mean(), noise.numpy().var()], [0, 1], atol=1e-4)
    assert task.result().shape == (1, CONFIG.num_layers, 8)


def test_a_perceptual_distance_counts_as_well(generator):
    target = np.full([16, 16, 3], 77, np.uint8)
    config = ProjectionConfig(w_samples=10, pixel_weight=0, noise_weight=0, perceptual_weight=3)

    def distance(images, others):
        return tf.reduce_mean((images - others) ** 2, axis=[1, 2, 3])

    task = Projection(generator, target, config, distance)
    loss, metrics = task._loss(tf.constant(0), tf.constant(1.0))
    image = np.clip((task._synthesize(task.w.value()).numpy() + 1) * 127.5, 0, 255)
    expected = np.mean((image - 77) ** 2)
    np.testing.assert_allclose(metrics["perceptual"], expected, rtol=1e-4)
    np.testing.assert_allclose(loss, 3 * expected, rtol=1e-4)


@pytest.mark.long
def test_resumed_equals_unbroken(generator, tmp_path):
    target = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    config = ProjectionConfig(steps=8, w_samples=10)

    def run(folder, *stops):
        for steps in stops:
            task = Projection(generator, target, config)
            Loop(task, steps, folder, label="p", config=LoopConfig(sample_every=0)).run()
        return state_digest(task.state, steps)

    assert run(tmp_path / "broken", 3, 8) == run(tmp_path / "unbroken", 8)


@keras.saving.register_keras_serializable("tests")
class MeanDifference(keras.layers.Layer):
    """A distance whose values are known."""

    def call(self, inputs):
        return keras.ops.mean(keras.ops.abs(inputs[0] - inputs[1]), axis=[1, 2, 3])


@pytest.mark.parametrize("kind", ["keras", "saved_model", "signature"])
def test_distances_of_a_users_model(kind, tmp_path):
    if kind == "keras":
        images, others = keras.Input([None, None, 3]), keras.Input([None, None, 3])
        model = keras.Model([images, others], MeanDifference()([images, others]))
        model.save(tmp_path / "distance.keras")
        path = tmp_path / "distance.keras"
    else:
        spec, module, path = tf.TensorSpec([None, None, None, 3]), tf.Module(), tmp_path / "d"
        function = tf.function(MeanDifference().call, input_signature=[[spec, spec]])
        if kind == "signature":
            pair = tf.function(lambda a, b: {"distance": function([a, b])}, [spec, spec])
            tf.saved_model.save(module, path, signatures=pair)
        else:
            module.__call__ = tf.function(lambda a, b: function([a, b]), [spec, spec])
            tf.saved_model.save(module, path)
    distance = load_distance(str(path))
    a, b = tf.zeros([2, 8, 8, 3]), tf.constant([1.0, 5.0])[:, None, None, None] * tf.ones([8, 8, 3])
    np.testing.assert_allclose(distance(a, b), [1, 5])


def test_what_is_no_distance_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        load_distance(str(tmp_path / "nothing.keras"))
    with pytest.raises(InputError, match="cannot be read as a SavedModel"):
        load_distance(str(tmp_path))
    images, others = keras.Input([8, 8, 3]), keras.Input([8, 8, 3])
    keras.Model([images, others], images - others).save(tmp_path / "map.keras")
    with pytest.raises(InputError, match="gives no distances of two batches"):
        load_distance(str(tmp_path / "map.keras"))(tf.zeros([1, 8, 8, 3]), tf.zeros([1, 8, 8, 3]))


@pytest.mark.parametrize("field", [{"space": "z"}, {"steps": 0}, {"rampup": 1.5}, {"w_samples": 1}])
def test_numbers_out_of_range_are_refused(field):
    with pytest.raises(InputError, match=next(iter(field))):
        ProjectionConfig(**field)


def test_a_folder_stands_for_the_pictures_in_it(tmp_path):
    for name in ("10.png", "9.png", ".hidden.png"):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    assert pictures_of(tmp_path) == [tmp_path / "9.png", tmp_path / "10.png"]
    assert pictures_of(tmp_path / "10.png") == [tmp_path / "10.png"]
    with pytest.raises(InputError, match="no images in"):
        (tmp_path / "empty").mkdir()
        pictures_of(tmp_path / "empty")
