"""Perturbations and augmentation against closed forms and other libraries."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_sample_image

from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig, augmented
from gan_knowledge_gaps.classifiers.perturbations import (
    PERTURBATIONS,
    blur,
    check_strength,
    crop,
    jpeg,
    resize,
)
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.jpeg import JPEGEncoding

PHOTOGRAPH = load_sample_image("flower.jpg")[100:164, 200:264]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("quality", [30, 90])
def test_jpeg_is_that_of_the_layer(quality, channels):
    image = PHOTOGRAPH[..., :channels]
    expected = JPEGEncoding(quality)(image[None])[0]
    np.testing.assert_array_equal(jpeg(image, quality), expected)


def test_blur_is_the_gaussians_convolution():
    image = np.zeros([41, 41, 1], np.uint8)
    image[20, 20] = 255
    sigma = 1.5
    steps = np.arange(41) - 20.0
    bell = np.exp(-(steps**2) / (2 * sigma**2)) * (abs(steps) <= 6)
    bell /= bell.sum()
    expected = np.round(255 * np.outer(bell, bell))
    np.testing.assert_allclose(blur(image, sigma)[..., 0], expected, atol=1)
    np.testing.assert_array_equal(blur(PHOTOGRAPH, 0), PHOTOGRAPH)


def test_crop_and_resize_are_tensorflows():
    """TensorFlow's Lanczos filter, antialiased, is the same up to rounding."""

    def scaled(image: np.ndarray, size: int) -> np.ndarray:
        found = tf.image.resize(image, [size, size], "lanczos3", antialias=True)
        return np.clip(np.round(found), 0, 255)

    expected = scaled(scaled(PHOTOGRAPH, 32), 64)
    assert np.abs(resize(PHOTOGRAPH, 0.5) - expected).mean() < 0.5
    middle = scaled(PHOTOGRAPH[16:48, 16:48], 64)
    assert np.abs(crop(PHOTOGRAPH, 0.5) - middle).mean() < 0.5


@pytest.mark.parametrize("name", PERTURBATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_stay_and_the_mildest_changes_next_to_nothing(name, channels):
    function, _, mildest = PERTURBATIONS[name]
    image = PHOTOGRAPH[:, :50, :channels]
    check_strength(name, mildest)
    mild = function(image, mildest)
    assert mild.shape == image.shape and mild.dtype == np.uint8
    assert np.abs(mild.astype(int) - image).mean() < 3


@pytest.mark.parametrize(
    ("name", "strength"), [("jpeg", 0), ("blur", -1), ("resize", 0), ("crop", 1.1), ("noise", 1)]
)
def test_strengths_out_of_range_are_refused(name, strength):
    with pytest.raises(InputError, match=name):
        check_strength(name, strength)


def test_nothing_is_done_by_default():
    images = np.stack([PHOTOGRAPH] * 2)
    assert augmented(images, AugmentationConfig(), [0]) is images


def test_draws_belong_to_the_seed_and_the_image():
    images = np.stack([PHOTOGRAPH] * 8)
    config = AugmentationConfig(flip=0.5, shift=3, blur=0.5, jpeg=0.5)
    first, again, other = (augmented(images, config, [7, step]) for step in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
    np.testing.assert_array_equal(augmented(images[:3], config, [7, 1]), first[:3])
    assert len({each.tobytes() for each in first}) > 4


def test_probabilities_are_kept():
    images = np.stack([PHOTOGRAPH[:16, :16]] * 400)
    for name in ("flip", "blur", "jpeg"):
        changed = augmented(images, AugmentationConfig(**{name: 0.3}), [0]) != images
        share = changed.any(axis=(1, 2, 3)).mean()
        assert abs(share - 0.3) < 4 * (0.3 * 0.7 / 400) ** 0.5


def test_a_shift_moves_and_a_flip_mirrors():
    images = np.stack([PHOTOGRAPH] * 60)
    flipped = augmented(images, AugmentationConfig(flip=1), [0])
    np.testing.assert_array_equal(flipped, images[:, :, ::-1])
    moved = augmented(images, AugmentationConfig(shift=2), [0])
    seen = set()
    for image in moved:
        inside = image[2:-2, 2:-2]
        places = [
            (y, x)
            for y in range(5)
            for x in range(5)
            if np.array_equal(inside, PHOTOGRAPH[y : y + 60, x : x + 60])
        ]
        assert len(places) == 1
        seen.add(places[0])
    assert len(seen) > 15  # of 25


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(AugmentationConfig)])
def test_numbers_out_of_range_are_refused(field):
    with pytest.raises(InputError, match=field):
        AugmentationConfig(**{field: -1})
    if field not in ("shift", "blur_sigma"):
        with pytest.raises(InputError, match=field):
            AugmentationConfig(**{field: 101})
