"""Augmentation on all cores: each image by its own draws, whatever the number of threads."""

import threading
import zlib

import numpy as np
import pytest

from gan_knowledge_gaps.classifiers import augmentation
from gan_knowledge_gaps.classifiers.augmentation import AUGMENTATIONS, AugmentationConfig, augmented

CONFIG = AugmentationConfig(flip=0.5, shift=3, blur=0.5, jpeg=0.5)
SEED = [7, 11]


def images(count: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("count", [1, 5, 12])
def test_an_image_depends_on_its_own_draws_alone(monkeypatch, threads, count):
    monkeypatch.setattr(augmentation, "usable_cores", lambda: threads)
    expected = []
    for index, image in enumerate(images(count)):
        for name, augment in AUGMENTATIONS.items():
            random = np.random.default_rng([*SEED, index, zlib.crc32(name.encode())])
            image = augment(image, CONFIG, random)
        expected.append(image)
    np.testing.assert_array_equal(augmented(images(count), CONFIG, SEED), expected)


def test_the_threads_that_read_do_it(monkeypatch):
    names = set()

    def watched(image, config, random):
        names.add(threading.current_thread().name.partition("_")[0])
        return image

    monkeypatch.setitem(AUGMENTATIONS, "flip", watched)
    augmented(images(8), AugmentationConfig(flip=1), SEED)
    assert names == {"pictures"}


def test_an_image_that_fails_ends_it(monkeypatch):
    def fail(image, config, random):
        raise OSError("no")

    monkeypatch.setitem(AUGMENTATIONS, "flip", fail)
    with pytest.raises(OSError, match="no"):
        augmented(images(8), AugmentationConfig(flip=1), SEED)
