"""Generated images that are kept nowhere."""

import numpy as np
import pytest

from gan_knowledge_gaps import classifiers as classifiers_room
from gan_knowledge_gaps import stylegan2
from gan_knowledge_gaps.classifiers import BalancedPool, predict
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.lab import measure, streaming
from gan_knowledge_gaps.lab.lab import Lab
from gan_knowledge_gaps.lab.specs import GAN, Classifier
from gan_knowledge_gaps.lab.streaming import StreamedImages
from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig

CONFIG = NetworkConfig(
    resolution=8, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1, mbstd_group=1
)


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(CONFIG, seed=1)


@pytest.fixture
def asked() -> list[int]:
    """The images that were made, in order."""
    return []


def stream(generator, asked, start: int, count: int, name: str = "g") -> StreamedImages:
    def generate(indices: np.ndarray) -> np.ndarray:
        asked.extend(indices.tolist())
        return stylegan2.sample(generator, indices)

    return StreamedImages(generate, name, start, count, (8, 8, 3), stylegan2.BLOCK)


def test_streamed_images_are_those_of_the_array_to_the_last_bit(generator, asked):
    for start, count in ((0, 40), (25, 40)):
        array = ArrayImages(stylegan2.sample(generator, np.arange(start, start + count)))
        images = stream(generator, asked, start, count)
        assert (len(images), images.shape) == (count, array.shape)
        for some in (np.arange(count), np.array([39, 0, 17, 17, 3]), np.array([], int)):
            np.testing.assert_array_equal(images.read(some), array.read(some))
        with pytest.raises(IndexError):
            images.read(np.array([count]))


def test_reading_in_order_makes_each_block_once(generator, asked):
    images = stream(generator, asked, 25, 40)
    for first in range(0, 40, 5):
        images.read(np.arange(first, first + 5))
    assert asked == list(range(16, 80))  # 25 ... 64 lie in the blocks 1 ... 4


def test_a_pool_of_streamed_images_makes_each_block_once_in_an_epoch(generator, asked):
    natural = ArrayImages(np.zeros((40, 8, 8, 3), np.uint8))
    sources = [stream(generator, asked, 0, 40), stream(generator, asked, 0, 40)]
    pool = BalancedPool(natural, sources, 8, seed=0)
    seen = [pool.batch(step)[0][1::2] for step in range(20)]
    assert sorted(asked) == sorted(2 * list(range(48)))
    expected = 2 * [image.tobytes() for image in stylegan2.sample(generator, np.arange(40))]
    assert sorted(image.tobytes() for image in np.concatenate(seen)) == sorted(expected)


def test_fingerprints_tell_generators_and_ranges_apart(generator, asked):
    kinds = [("g", 0, 40), ("g", 0, 41), ("g", 1, 40), ("h", 0, 40)]
    prints = [stream(generator, asked, start, n, name).fingerprint for name, start, n in kinds]
    assert len(set(prints)) == 4 and not asked
    assert prints[0] == stream(generator, asked, 0, 40).fingerprint


@pytest.mark.long
def test_the_lab_streams_large_sets_and_stores_none_of_them(lab, monkeypatch):
    base, judge = GAN(0), Classifier(0, [GAN(0)])
    lab.train([base])
    kept = lab.evaluation_images(base)
    assert isinstance(kept, ArrayImages)
    monkeypatch.setattr(streaming, "KEPT_BYTES", 80 * 28 * 28 - 1)
    other = Lab(lab.workdir, lab.dataset, lab.config)
    streamed = other.evaluation_images(base)
    assert isinstance(streamed, StreamedImages) and len(streamed) == 80
    everything = np.arange(80)
    # The array's batches are others: rounding may move a value by one grey level.
    difference = streamed.read(everything).astype(int) - kept.read(everything)
    assert np.abs(difference).max() <= 1
    monkeypatch.setattr(streaming, "KEPT_BYTES", 32 * 28 * 28 - 1)
    assert other.train([judge]) == [judge]
    assert measure.detection(other, judge, base).detection_rate == np.mean(
        measure.generated_logits(other, judge, base) > 0
    )
    assert not list(other.artifact(base).folder.glob("images-0-*.npz"))


@pytest.mark.long
def test_several_classifiers_score_images_that_are_made_once(lab, monkeypatch):
    gan = GAN(0)
    classifiers = [Classifier(seed, [gan]) for seed in range(3)]
    lab.train(classifiers)
    monkeypatch.setattr(streaming, "KEPT_BYTES", 80 * 28 * 28 - 1)
    alone = Lab(lab.workdir, lab.dataset, lab.config, cache_bytes=0)
    expected = [measure.detection(alone, each, gan) for each in classifiers]
    logits = [measure.generated_logits(alone, each, gan) for each in classifiers]
    made, scored = [], []
    monkeypatch.setattr(
        classifiers_room,
        "predict",
        lambda model, images: scored.append(model) or predict(model, images),
    )
    for cache_bytes in (10**9, 0):  # Without a cache nothing is made or scored twice either.
        other = Lab(lab.workdir, lab.dataset, lab.config, cache_bytes=cache_bytes)
        sampler = other._sampler(gan)
        monkeypatch.setattr(
            other, "_sampler", lambda _, sample=sampler: lambda at: made.extend(at) or sample(at)
        )
        for _ in range(2):
            measure.score(other, classifiers, gan)
            assert [measure.detection(other, each, gan) for each in classifiers] == expected
        # In whole blocks; each image once. The natural ones, once by each classifier.
        assert len(made) == len(set(made)) >= 80
        assert len(scored) == 3
        if cache_bytes:
            for each, values in zip(classifiers, logits, strict=True):
                np.testing.assert_array_equal(measure.generated_logits(other, each, gan), values)
            assert len(scored) == 3
        for kept in (made, scored):
            kept.clear()
        for file in lab.workdir.glob("artifacts/*/*.npz"):
            file.unlink()
