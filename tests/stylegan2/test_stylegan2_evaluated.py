"""A StyleGAN2's images and paths as they are measured."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial import geometric_slerp
from small_generators import CONFIG, make_generator

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.evaluation.config import PATH_METRICS
from gan_knowledge_gaps.stylegan2 import Generator, sample
from gan_knowledge_gaps.stylegan2.config import GeneratorEvaluationConfig
from gan_knowledge_gaps.stylegan2.evaluated import GeneratedImages
from gan_knowledge_gaps.training.native import library
from gan_knowledge_gaps.training.randomness import derive_seed, indexed_latents


@pytest.fixture(autouse=True, scope="module")
def plain_operations():
    library.prefer("tensorflow")
    yield
    library.prefer("auto")


@pytest.fixture(scope="module")
def generator() -> Generator:
    return make_generator()


def read(generator, start, stop, labels=None, **config) -> np.ndarray:
    generated = GeneratedImages(generator, GeneratorEvaluationConfig(**config), labels)
    return generated.images(np.arange(start, stop))


def near(images, others) -> bool:
    """Rounding may move a value by one grey level."""
    return images.shape == others.shape and np.abs(images.astype(int) - others).max() <= 1


@pytest.mark.parametrize("truncation", [1.0, 0.5])
def test_image_i_is_that_of_sample_in_any_batches(truncation, generator):
    expected = sample(generator, np.arange(40), truncation=truncation)
    assert near(read(generator, 0, 40, truncation=truncation), expected)
    assert near(read(generator, 19, 37, truncation=truncation, batch_size=32), expected[19:37])
    assert expected.std() > 1 and not near(expected, sample(generator, np.arange(40, 80)))
    some = np.array([35, 2, 2, 17])
    images = GeneratedImages(generator, GeneratorEvaluationConfig(truncation=truncation))
    assert near(images.images(some), expected[some])


def test_the_seed_decides_latents_and_noise(generator):
    assert not near(read(generator, 0, 16), read(generator, 0, 16, seed=1))


@pytest.mark.parametrize("noise", ["constant", "none"])
def test_other_noise_is_the_networks_own(noise, generator):
    z = indexed_latents(np.arange(16), 4, 0)
    expected = 127.5 * generator(z, noise=noise).numpy() + 128
    images = read(generator, 0, 16, noise=noise)
    assert near(images, np.clip(np.trunc(expected), 0, 255).astype(np.uint8))
    assert not near(images, read(generator, 0, 16))


def test_labels_are_drawn_as_often_as_natural_ones():
    generator = make_generator(label_dim=3)
    labels = np.array([2, 2, 2, 0])
    generated = GeneratedImages(generator, GeneratorEvaluationConfig(), labels)
    drawn = generated._one_hot(np.arange(2000)).numpy()
    assert drawn.sum(axis=1).tolist() == [1.0] * 2000
    np.testing.assert_allclose(drawn.mean(axis=0), [0.25, 0.0, 0.75], atol=0.04)
    expected = sample(generator, np.arange(16), drawn[:16])
    assert near(generated.images(np.arange(16)), expected)
    with pytest.raises(InputError, match="takes 3 labels; --data must have them"):
        GeneratedImages(generator, GeneratorEvaluationConfig(), None)
    with pytest.raises(InputError, match="takes 3 labels"):
        GeneratedImages(generator, GeneratorEvaluationConfig(), np.array([3]))


def test_the_sampler_is_named_by_all_that_its_images_depend_on(generator):
    def name(network=generator, labels=None, **config) -> str:
        images = GeneratedImages(network, GeneratorEvaluationConfig(**config), labels)
        return images.sampler().sha256

    same = {name(), name(batch_size=32), name(num_generated=99), name(labels=np.array([1, 0]))}
    assert len(same) == 1
    conditional = make_generator(label_dim=3)
    others = {
        name(truncation=0.5), name(seed=1), name(noise="none"), name(Generator(CONFIG, seed=2)),
        name(conditional, np.array([0, 1])), name(conditional, np.array([1, 0])),
    }  # fmt: skip
    assert len(others) == 6 and not others & same


def test_settings_are_checked():
    with pytest.raises(InputError, match=r"batch_size is 24.* 16"):
        GeneratorEvaluationConfig(batch_size=24)
    with pytest.raises(InputError, match="split is test"):
        GeneratorEvaluationConfig(split="test")
    with pytest.raises(InputError, match="noise is loud"):
        GeneratorEvaluationConfig(noise="loud")


def seen_on_paths(generator, indices, name, epsilon, **config) -> tuple[np.ndarray, ...]:
    """The two images of each path, as a distance is given them."""
    seen = []

    def distance(first, second):
        seen.append((first.numpy(), second.numpy()))
        return np.zeros(len(first))

    images = GeneratedImages(generator, GeneratorEvaluationConfig(**config))
    images.path_lengths(indices, PATH_METRICS[name], distance, epsilon)
    return tuple(map(np.concatenate, zip(*seen, strict=True)))


def ends(indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """z at both ends of each path."""
    purposes = ("path start", "path end")
    return tuple(indexed_latents(indices, 4, derive_seed(0, purpose)) for purpose in purposes)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector.astype(float) / np.linalg.norm(vector.astype(float))


@pytest.mark.parametrize("truncation", [1.0, 0.5])
@pytest.mark.parametrize("name", ["ppl2_wend", "ppl_wfull", "ppl_zend", "ppl_zfull"])
def test_path_lengths_are_of_images_along_the_path(name, truncation, generator):
    epsilon, indices = 0.25, np.arange(3, 30)
    config = {"noise": "none", "truncation": truncation}
    first, second = seen_on_paths(generator, indices, name, epsilon, **config)
    start, end = ends(np.arange(32))
    t = np.zeros(32)
    if name.endswith("full"):
        seed = derive_seed(0, "path position")
        draws = [tf.random.stateless_uniform([16], [seed, i], alg="philox") for i in (0, 1)]
        t = np.concatenate(draws).astype(float)
    for images, at in ((first, t), (second, t + epsilon)):
        if "_z" in name:
            arcs = zip(start, end, at, strict=True)
            z = np.stack([geometric_slerp(unit(a), unit(b), each) for a, b, each in arcs])
            w = generator.mapping(z.astype(np.float32))
        else:
            a, b = (generator.mapping(each).numpy() for each in (start, end))
            w = a + at[:, None, None] * (b - a)
        w = generator.truncate(tf.constant(w, tf.float32), truncation)
        # Floats, neither rounded nor clipped: [-1, 1] becomes [0, 255].
        expected = 127.5 * (generator.synthesis(w, noise="none") + 1)
        np.testing.assert_allclose(images, expected, rtol=1e-3, atol=5e-2)


def test_both_images_of_a_path_have_the_same_noise(generator):
    first, second = seen_on_paths(generator, np.arange(16), "ppl2_wend", 1e-12)
    np.testing.assert_array_equal(first, second)
    silent, _ = seen_on_paths(generator, np.arange(16), "ppl2_wend", 1e-12, noise="none")
    assert np.abs(first - silent).max() > 1


@pytest.mark.parametrize("batch_size", [16, 32])
def test_lengths_are_those_asked_for(batch_size, generator):
    def distance(first, second):
        return tf.reduce_mean((first - second) ** 2, axis=[1, 2, 3]).numpy()

    config = GeneratorEvaluationConfig(batch_size=batch_size, noise="none")
    images, metric = GeneratedImages(generator, config), PATH_METRICS["ppl_wend"]
    pair = seen_on_paths(generator, np.arange(32), "ppl_wend", 0.1, noise="none")
    expected = ((pair[0] - pair[1]).astype(float) ** 2).mean(axis=(1, 2, 3)) / 0.1**2
    for indices in (np.arange(32), np.arange(3, 14), np.array([20, 4, 4])):
        lengths = images.path_lengths(indices, metric, distance, 0.1)
        assert lengths.dtype == np.float64
        np.testing.assert_allclose(lengths, expected[indices], rtol=1e-3)
