"""Image i of a generator depends on its weights and i alone."""

import numpy as np
import pytest

from gan_knowledge_gaps.dcgan import build_generator, sample


@pytest.fixture(scope="module")
def generator():
    made = build_generator(width=1 / 8, seed=1)
    # Larger weights than the initial ones, so that images differ by many grey levels.
    made.set_weights([w * 8 if w.ndim > 1 else w for w in made.get_weights()])
    return made


def test_an_image_is_the_same_alone_and_among_others(generator):
    among = sample(generator, np.arange(700))
    for index in (0, 1, 255, 256, 699):
        alone = sample(generator, np.array([index]))[0]
        assert np.abs(alone.astype(int) - among[index]).max() <= 1


def test_images_come_in_the_order_asked_for(generator):
    images = sample(generator, np.array([9, 3, 9]))
    forward = sample(generator, np.arange(10))
    assert np.abs(images.astype(int) - forward[[9, 3, 9]]).max() <= 1
    np.testing.assert_array_equal(images[0], images[2])


def test_images_are_bytes_that_round_the_output(generator):
    from gan_knowledge_gaps.training.randomness import indexed_latents

    images = sample(generator, np.arange(4))
    output = generator(indexed_latents(np.arange(4), 100, 0), training=False).numpy()
    assert images.dtype == np.uint8 and images.shape == (4, 28, 28, 1)
    assert np.abs(images - (output.astype(np.float64) + 1) * 127.5).max() <= 0.5 + 1e-3


def test_different_indices_give_different_images(generator):
    images = sample(generator, np.arange(50)).reshape(50, -1)
    assert len(np.unique(images, axis=0)) == 50
