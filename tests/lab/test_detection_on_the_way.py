"""GANs of a lab that fool classifiers log how often they are detected."""

import numpy as np
import pytest

from gan_knowledge_gaps.classifiers import predict
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.dcgan.sampling import sample
from gan_knowledge_gaps.experiments.catalog import EXPERIMENTS
from gan_knowledge_gaps.experiments.iterations import Iterations
from gan_knowledge_gaps.experiments.sequence import SequenceConfig
from gan_knowledge_gaps.lab.lab import Lab
from gan_knowledge_gaps.lab.specs import GAN, Classifier, in_order
from gan_knowledge_gaps.training.loop import LoopConfig
from gan_knowledge_gaps.training.metrics_log import read_metrics

# Its trainings are those of several tests.
pytestmark = [pytest.mark.long, pytest.mark.usefixtures("eagerly")]

BASE, OTHER = GAN(0), GAN(1)
IN_LOSS, HELD_OUT = Classifier(0, [BASE]), Classifier(500, [OTHER])
FOOLING = GAN(1000, [IN_LOSS], phi=1.0)


def test_the_log_has_the_rates_and_the_weights_are_as_without(lab, tmp_path):
    lab.train([FOOLING])  # its loop makes no grids, so that nothing is measured
    loop = LoopConfig(log_every=1, sample_every=2)
    watched = Lab(tmp_path / "watched", lab.dataset, lab.config, loop_config=loop)
    watched.watchers = {FOOLING: HELD_OUT}
    watched.train([HELD_OUT, FOOLING, BASE])
    assert watched.sha256(FOOLING) == lab.sha256(FOOLING)
    lines = read_metrics(watched.artifact(FOOLING).folder / "metrics.jsonl")
    rates = ("detection_in_loss", "detection_held_out")
    assert [[name in line for name in rates] for line in lines] == [
        [False, False], [True, True], [False, False], [True, True],
    ]  # fmt: skip
    # The last line is of the finished GAN, on the first images that evaluate: from 32 on.
    images = ArrayImages(sample(watched.model(FOOLING), np.arange(32, 32 + 256)))
    for name, classifier in zip(rates, (IN_LOSS, HELD_OUT), strict=True):
        expected = np.mean(predict(watched.model(classifier), images) > 0)
        assert lines[-1][name] == pytest.approx(expected, abs=1 / 256)
    for plain in (BASE, HELD_OUT):
        lines = read_metrics(watched.artifact(plain).folder / "metrics.jsonl")
        assert not any(set(rates) & set(line) for line in lines)


def test_one_that_is_not_trained_yet_is_left_out(lab, tmp_path):
    loop = LoopConfig(log_every=1, sample_every=4)
    early = Lab(tmp_path / "early", lab.dataset, lab.config, loop_config=loop)
    early.watchers = {FOOLING: HELD_OUT}
    early.train([FOOLING])
    *_, last = read_metrics(early.artifact(FOOLING).folder / "metrics.jsonl")
    assert "detection_in_loss" in last and "detection_held_out" not in last


def test_who_watches_whom():
    size = SequenceConfig(iterations=3, gans=2, held_out_gans=2, held_out_classifiers=2)
    experiment = Iterations(size)
    watchers = experiment.watchers()
    for before, each in zip(experiment.iterations[:-1], experiment.iterations[1:], strict=True):
        assert {watchers[gan] for gan in each.all_gans} == {before.held_out_classifiers[0]}
    assert not set(watchers) & set(experiment.iterations[0].all_gans)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_gan_that_fools_is_watched_by_one_it_does_not_fool(experiment):
    for setting, sizes in experiment.presets.items():
        made = experiment(sizes["node"], setting=setting)
        watchers = made.watchers()
        everything = in_order(made.specs)
        fooling = {spec for spec in everything if isinstance(spec, GAN) and spec.fools}
        assert set(watchers) == fooling
        for gan, classifier in watchers.items():
            assert classifier not in gan.fools and gan not in in_order([classifier])
            assert classifier.architecture == gan.fools[-1].architecture
