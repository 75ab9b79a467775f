"""Augmentation on all cores: each image by its own draws, whatever the number of threads."""

import threading
import zlib

import numpy as np
import pytest

from gan_knowledge_gaps.classifiers import augmentation
from gan_knowledge_gaps.classifiers.augmentation import AUGMENTATIONS, AugmentationConfig, augmented

CONFIG = AugmentationConfig(flip=0.5, shift=3, crop=0.5, blur=0.5, jpeg=0.5)
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


def test_a_crop_is_a_part_enlarged_to_the_image():
    """Of a ramp, whose slope then tells the side of the crop, and its middle the place."""
    levels = np.arange(0, 240, 5, dtype=np.uint8)[None, :, None, None]
    ramp = np.broadcast_to(levels, (200, 48, 48, 1)).copy()
    config = AugmentationConfig(crop=0.75, crop_side=0.5)
    found = augmented(ramp, config, SEED).astype(float)
    slopes = np.diff(found[:, 10:-10, 24, 0], axis=1).mean(axis=1) / 5
    changed = np.any(found != ramp, axis=(1, 2, 3))
    assert abs(changed.mean() - 0.75) < 4 * (0.75 * 0.25 / 200) ** 0.5
    assert slopes[changed].min() > 0.45 and slopes.max() <= 1.0 and np.ptp(slopes[changed]) > 0.4
    assert found[changed, 24, 24].std() > 5
    assert "crop" not in AugmentationConfig(flip=1).recorded
