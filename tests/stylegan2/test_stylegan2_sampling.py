"""Images by index: those of the network itself, to the same bits in any company."""

import numpy as np
import pytest
import tensorflow as tf
from small_generators import make_generator

from gan_knowledge_gaps.stylegan2 import Generator, sample
from gan_knowledge_gaps.training.randomness import derive_seed, indexed_latents


@pytest.fixture(scope="module")
def generator() -> Generator:
    return make_generator()


def by_hand(generator, index: int, label=None, truncation: float = 1.0) -> np.ndarray:
    """One image, by a plain call of the network."""

    def noise(layer: int, size: tuple) -> tf.Tensor:
        seed = [derive_seed(0, "noise", layer), index // 16]
        drawn = tf.random.stateless_normal([16, *size[1:], 1], seed, alg="philox")
        return drawn[index % 16][None]

    z = indexed_latents(np.array([index]), 4, 0)
    labels = None if label is None else np.float32(label)[None]
    images = generator(z, labels=labels, truncation=truncation, noise=noise).numpy()[0]
    return np.clip(np.trunc(127.5 * images + 128.0), 0, 255).astype(np.uint8)


def near(images, others) -> bool:
    """Rounding may move a value by one grey level."""
    return np.abs(images.astype(int) - others).max() <= 1


@pytest.mark.parametrize("truncation", [1.0, 0.5])
def test_image_i_is_what_the_network_makes_of_latent_and_noise_i(truncation, generator):
    indices = [0, 5, 15, 16, 300]
    images = sample(generator, np.array(indices), truncation=truncation)
    for image, index in zip(images, indices, strict=True):
        assert near(image, by_hand(generator, index, truncation=truncation))
    assert len({image.tobytes() for image in images}) == 5


def test_an_image_has_the_same_bits_in_any_company(generator):
    everything = sample(generator, np.arange(40))
    for indices in ([39], [3, 3, 20, 3], range(7, 31), list(range(40))[::-1], []):
        some = np.array(indices, int)
        np.testing.assert_array_equal(sample(generator, some), everything[some])


def test_an_index_may_come_with_several_labels():
    generator = make_generator(label_dim=2)
    indices, classes = np.array([3, 3, 17, 3]), np.array([0, 1, 1, 0])
    labels = np.eye(2, dtype=np.float32)[classes]
    images = sample(generator, indices, labels)
    for image, index, label in zip(images, indices.tolist(), labels, strict=True):
        assert near(image, by_hand(generator, index, label))
    np.testing.assert_array_equal(images[0], images[3])
    assert not near(images[0], images[1])


def test_a_graph_sees_weights_that_change():
    generator = make_generator()
    before = sample(generator, np.arange(3))
    for variable in generator.variables:
        variable.assign(1.2 * variable)
    after = sample(generator, np.arange(3))
    assert not near(before, after) and near(after[2], by_hand(generator, 2))
