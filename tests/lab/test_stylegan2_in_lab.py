"""The StyleGAN2 setting in the lab: finetuning, snapshots, truncation, the extractor as judge."""

import json

import numpy as np
import pytest

from gan_knowledge_gaps.classifiers import ClassifierConfig
from gan_knowledge_gaps.data import ArrayImages, Dataset
from gan_knowledge_gaps.evaluation.random_vgg import random_vgg16
from gan_knowledge_gaps.lab import measure
from gan_knowledge_gaps.lab.config import LabConfig
from gan_knowledge_gaps.lab.lab import Lab
from gan_knowledge_gaps.lab.specs import GAN, Classifier, Snapshot, Truncated
from gan_knowledge_gaps.metrics import frechet_distance, gaussian_statistics
from gan_knowledge_gaps.stylegan2 import NetworkConfig, TrainingConfig, load_network, sample
from gan_knowledge_gaps.stylegan2.family import StyleGAN2Family
from gan_knowledge_gaps.training.checkpoints import Checkpoints
from gan_knowledge_gaps.training.loop import LoopConfig
from gan_knowledge_gaps.training.task import flat_variables

pytestmark = pytest.mark.long

SIZE = 16
BASE = GAN(0, family="stylegan2")
JUDGE = Classifier(0, [BASE])
FINETUNED = GAN(900, [JUDGE], phi=0.5, start=BASE, share=0.5, snapshots=2, family="stylegan2")


def noise(count: int) -> ArrayImages:
    random = np.random.default_rng(count)
    return ArrayImages(random.integers(0, 256, (count, SIZE, SIZE, 1), dtype=np.uint8))


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Lab:
    """A lab in which all of this is trained: 4 steps a GAN, 2 to finetune it."""
    network = NetworkConfig(
        resolution=SIZE, channels=1, fmap_base=16, fmap_max=4, latent_dim=4, w_dim=4,
        mapping_layers=1,
    )  # fmt: skip
    # Adam at such a rate moves the weights far in a few steps; so does the average follow.
    # All steps are of one kind, so that one graph is built.
    training = TrainingConfig(
        kimg=1, batch_size=256, micro_batch=256, learning_rate=0.05, ema_kimg=0.1, gamma=0,
        path_length_weight=0,
    )  # fmt: skip
    config = LabConfig(
        families=(StyleGAN2Family(network=network, training=training),),
        classifier=ClassifierConfig(epochs=1, batch_size=16, jpeg_quality=75),
    )
    dataset = Dataset("noise", noise(256), noise(40), None, None)
    loop = LoopConfig(log_every=1, sample_every=0)
    lab = Lab(tmp_path_factory.mktemp("lab"), dataset, config, loop_config=loop)
    lab.train([Truncated(BASE, 0.5), Snapshot(FINETUNED, 1), Snapshot(FINETUNED, 2)])
    return lab


def weights(network) -> list[np.ndarray]:
    return [variable.numpy() for variable in flat_variables(network)]


def same(first, second) -> bool:
    return all((a == b).all() for a, b in zip(weights(first), weights(second), strict=True))


def test_images_are_those_of_the_averaged_generator(lab):
    folder = lab.artifact(BASE).folder
    assert {each.name for each in folder.glob("*.keras")} == {
        "model.keras", "generator.keras", "discriminator.keras",
    }  # fmt: skip
    generator = load_network(folder / "model.keras")
    assert not same(generator, load_network(folder / "generator.keras", "generator"))
    images = lab.evaluation_images(BASE).read(np.arange(40))
    # In one block or another: rounding may move a value by a grey level.
    difference = images.astype(int) - sample(generator, np.arange(256, 296))
    assert np.abs(difference).max() <= 1


def test_finetuning_begins_with_the_whole_gan_and_takes_its_share(lab):
    manifest = lab.artifact(FINETUNED).manifest()
    assert (lab.artifact(BASE).manifest()["steps"], manifest["steps"]) == (4, 2)
    assert set(manifest["depends_on"]) == {lab.key(BASE), lab.key(JUDGE)}
    lines = (lab.artifact(FINETUNED).folder / "metrics.jsonl").read_text().splitlines()
    assert "fooling_loss" in json.loads(lines[0])
    # Two steps cannot bring fresh networks so close to those of another seed.
    other = weights(lab.model(BASE))
    finetuned = weights(lab.model(FINETUNED))
    constants = [(a, b) for a, b in zip(other, finetuned, strict=True) if a.shape == (1, 4, 4, 4)]
    assert constants
    for before, after in constants:
        assert 0 < np.abs(after - before).max() < 0.2  # 2 steps of 0.05, against N(0, 1)


def test_snapshots_are_the_generator_along_the_way(lab):
    first, last = Snapshot(FINETUNED, 1), Snapshot(FINETUNED, 2)
    assert same(lab.model(last), lab.model(FINETUNED))
    assert not same(lab.model(first), lab.model(FINETUNED))
    # The checkpoint of step 1 is gone; its weights are between those before and after.
    before, middle, after = (weights(lab.model(each)) for each in (BASE, first, FINETUNED))
    steps = [np.abs(m - b).max() for b, m in zip(before, middle, strict=True)]
    whole = [np.abs(a - b).max() for b, a in zip(before, after, strict=True)]
    assert 0 < max(steps) < max(whole) + 0.05
    assert lab.artifact(first).manifest()["steps"] == 0
    kept = Checkpoints(lab.artifact(FINETUNED).folder / "checkpoints", {}, 2).steps()
    assert kept[-1] == 2


def test_truncated_images_are_psi_between_the_mean_and_the_whole(lab):
    truncated = Truncated(BASE, 0.5)
    assert same(lab.model(truncated), lab.model(BASE))
    expected = sample(lab.model(BASE), np.arange(256, 296), truncation=0.5)
    images = lab.evaluation_images(truncated).read(np.arange(40))
    assert np.abs(images.astype(int) - expected).max() <= 1
    whole = lab.evaluation_images(BASE).read(np.arange(40))
    assert np.abs(images.astype(int) - whole).max() > 1
    assert measure.frechet(lab, truncated) != measure.frechet(lab, BASE)


def test_the_frechet_distance_is_over_random_vgg16(lab):
    features, _ = random_vgg16()

    def of(images) -> tuple[np.ndarray, np.ndarray]:
        pixels = images.read(np.arange(40)).astype(np.float32)
        return gaussian_statistics(np.asarray(features(pixels)))

    expected = frechet_distance(*of(lab.dataset.evaluation), *of(lab.evaluation_images(BASE)))
    assert lab.quality.label == "Fréchet distance (random-vgg16)"
    assert measure.frechet(lab, BASE) == pytest.approx(expected, rel=1e-3)


def test_snapshots_that_are_not_kept_are_refused():
    with pytest.raises(ValueError, match=r"keeps snapshots 1 \.\.\. 2, and not 3"):
        Snapshot(FINETUNED, 3)
