"""Classifiers of a lab that train until their validation loss stops falling."""

import dataclasses
import json

import numpy as np
import pytest

from gan_knowledge_gaps.classifiers import ClassifierConfig, predict
from gan_knowledge_gaps.classifiers.training import LEAST_LOOKS
from gan_knowledge_gaps.lab.config import presets
from gan_knowledge_gaps.lab.lab import Lab
from gan_knowledge_gaps.lab.specs import GAN, Classifier
from gan_knowledge_gaps.training.metrics_log import read_metrics

GANS = [GAN(seed) for seed in range(2)]
JUDGE = Classifier(0, GANS)
EPOCH = 2 * 2 * 29 // 8  # of two GANs: of 32 images, 3 are held back


@pytest.fixture
def converging(lab) -> Lab:
    classifier = ClassifierConfig(epochs=30, batch_size=8, patience=2, learning_rate=0.3)
    config = dataclasses.replace(lab.config, classifier=classifier, converge=True)
    return Lab(lab.workdir, lab.dataset, config, loop_config=lab.loop_config)


@pytest.mark.long
def test_it_stops_with_the_best_weights_and_a_damaged_one_is_rebuilt(converging):
    lab = converging
    lab.train([JUDGE])
    artifact = lab.artifact(JUDGE)
    lines = read_metrics(artifact.folder / "metrics.jsonl")
    looks = {line["step"]: line["validation_loss"] for line in lines if "validation_loss" in line}
    steps = artifact.manifest()["steps"]
    assert list(looks) == list(range(EPOCH, steps + 1, EPOCH))
    best = min(looks, key=looks.get)
    assert steps == best + LEAST_LOOKS * EPOCH < JUDGE.steps(lab.config, 32)
    # The loss of the saved model, on the images that were held back, is the lowest.
    task, _ = JUDGE.build(lab)
    assert len(task._pool.natural) == 29
    logits = [
        predict(lab.model(JUDGE), images)[:, 0].astype(float) for images in task.early_stopping.sets
    ]
    loss = (np.logaddexp(0, logits[0]).mean() + np.logaddexp(0, -logits[1]).mean()) / 2
    assert loss == pytest.approx(looks[best], rel=1e-5, abs=1e-9)
    # As after a kill between the last checkpoint and the manifest.
    before = lab.sha256(JUDGE)
    artifact.reopen()
    (artifact.folder / "model.keras").unlink()
    assert lab.train([JUDGE]) == [JUDGE]
    assert (lab.sha256(JUDGE), artifact.manifest()["steps"]) == (before, steps)


@pytest.mark.long
def test_no_image_is_in_both_parts_and_streamed_ones_keep_their_blocks(converging, monkeypatch):
    lab = converging
    lab.train(GANS)
    everything = lab.training_images(GANS[0]).read(np.arange(32))
    monkeypatch.setattr("gan_knowledge_gaps.lab.streaming.KEPT_BYTES", 0)
    task, _ = JUDGE.build(lab)
    first, held = task._pool.generated[0], task.early_stopping.sets[1]
    assert (len(first), first.block, len(held)) == (29, 256, 6)
    both = np.concatenate([first.read(np.arange(29)), held.read(np.arange(3))])
    np.testing.assert_array_equal(both, everything)


def test_the_key_says_so_and_a_plan_counts_the_upper_bound(lab, converging):
    plain = dataclasses.replace(converging.config, converge=False)
    assert Lab(lab.workdir, lab.dataset, plain).key(JUDGE) != converging.key(JUDGE)
    assert JUDGE.steps(converging.config, 32) == 30 * 2 * 29 * 2 // 8
    assert "converge" not in json.dumps(plain.to_json() | plain.classifier_configuration)


def test_the_presets_that_converge():
    for setting in ("dcgan", "stylegan2", "images"):
        found = {name for name, config in presets(setting).items() if config.converge}
        assert found == {"node", "paper"}
