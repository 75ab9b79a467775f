"""Who is trained on whom: held-out means held out."""

import itertools
from unittest.mock import MagicMock

import numpy as np
import pytest

from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.experiments.catalog import EXPERIMENTS
from gan_knowledge_gaps.experiments.coefficient_sweep import CoefficientSweep, SweepConfig
from gan_knowledge_gaps.experiments.generalization import Generalization, GeneralizationConfig
from gan_knowledge_gaps.experiments.iterations import Iterations
from gan_knowledge_gaps.experiments.memoryless import Memoryless
from gan_knowledge_gaps.experiments.sequence import SequenceConfig
from gan_knowledge_gaps.lab import measure
from gan_knowledge_gaps.lab.specs import GAN, Classifier, in_order
from gan_knowledge_gaps.metrics import DetectionMetrics

SIZE = SequenceConfig(iterations=4, gans=2, held_out_gans=3, held_out_classifiers=2)


# Every experiment of every setting at every preset.
ALL = [
    pytest.param(experiment(size, setting=setting), id=f"{experiment.name}-{setting}-{preset}")
    for experiment in EXPERIMENTS
    for setting, sizes in experiment.presets.items()
    for preset, size in sizes.items()
]


def gans_behind(classifiers) -> set[GAN]:
    """The GANs whose images, truncated or not, classifiers are trained on."""
    return {source.gan for classifier in classifiers for source in classifier.pool}


@pytest.mark.parametrize("experiment", ALL)
def test_held_out_classifiers_share_no_gan_with_those_in_the_loss(experiment):
    everything = in_order(experiment.specs)
    in_loss = {c for spec in everything if isinstance(spec, GAN) for c in spec.fools}
    held_out = experiment.held_out_classifiers
    assert set(held_out) <= set(everything)
    assert not set(held_out) & in_loss
    assert not gans_behind(held_out) & gans_behind(in_loss)


@pytest.mark.parametrize("experiment", ALL)
def test_what_is_measured_by_held_out_classifiers_has_not_trained_them(experiment, monkeypatch):
    lab, detection = MagicMock(), MagicMock(return_value=DetectionMetrics(*[0.5] * 5))
    losses = {"generator_loss": 1.0, "fooling_loss": 1.0}
    for name, mock in {
        "detection": detection,
        "score": MagicMock(),
        "frechet": MagicMock(return_value=1.0),
        "natural_frechet": MagicMock(return_value=1.0),
        "natural_logits": MagicMock(return_value=np.zeros(2)),
        "last_metrics": MagicMock(return_value=losses),
    }.items():
        monkeypatch.setattr(measure, name, mock)
    lab.quality.label = "distance"
    lab.evaluation_images.return_value = ArrayImages(np.zeros((2, 8, 8, 1), np.uint8))
    lab.dataset.train = lab.dataset.evaluation = [None]
    experiment.result(lab)
    shown = {call.args[1:] for call in detection.call_args_list}
    held_out = set(experiment.held_out_classifiers)
    measured = [(c, source) for c, source in shown if c in held_out]
    assert bool(measured) == bool(held_out)
    for classifier, source in measured:
        assert source.gan not in gans_behind([classifier])


def test_fool_all_is_all_earlier_iterations():
    iterations = Iterations(SIZE).iterations
    for number, each in enumerate(iterations):
        expected = tuple(c for earlier in iterations[:number] for c in earlier.classifiers)
        assert all(gan.fools == expected for gan in each.all_gans)


def test_memoryless_is_the_last_iteration_alone():
    iterations = Memoryless(SIZE).iterations
    assert all(gan.fools == () for gan in iterations[0].all_gans)
    for last, each in itertools.pairwise(iterations):
        assert all(gan.fools == last.classifiers for gan in each.all_gans)


def test_experiments_share_what_they_have_in_common():
    iterations, memoryless = Iterations(SIZE), Memoryless(SIZE)
    assert iterations.iterations[:2] == memoryless.iterations[:2]
    sweep = CoefficientSweep(
        SweepConfig(lowest_exponent=0, highest_exponent=0, gans=2, held_out_gans=3, fooling_gans=4)
    )
    assert sweep.base.all_gans == iterations.iterations[0].all_gans
    assert sweep.fooling[1.0] == iterations.iterations[1].all_gans[:4]
    generalization = Generalization(GeneralizationConfig(largest_pool=2, held_out_gans=3))
    assert set(generalization.pool + generalization.held_out) == set(sweep.base.all_gans)


def test_no_two_instances_share_a_seed():
    for kind in (GAN, Classifier):
        seeds = [spec.seed for spec in in_order(Iterations(SIZE).specs) if isinstance(spec, kind)]
        assert len(seeds) == len(set(seeds))


def test_another_seed_is_another_population():
    here, there = (set(in_order(Iterations(SIZE, seed).specs)) for seed in (0, 1))
    assert not here & there


def test_generalization_trains_each_n_on_n_gans_and_never_on_held_out_ones():
    experiment = Generalization(GeneralizationConfig(largest_pool=4, classifiers=6))
    for (_, n), classifiers in experiment.classifiers.items():
        assert len(classifiers) == len(set(classifiers)) == 6
        for classifier in classifiers:
            assert len(set(classifier.pool)) == n
            assert not set(classifier.pool) & set(experiment.held_out)


def test_sweep_covers_the_papers_decades():
    assert CoefficientSweep.presets["dcgan"]["paper"].phis == pytest.approx(
        [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5]
    )


def test_the_papers_sizes_are_the_papers():
    for setting in ("dcgan", "stylegan2"):
        size = Iterations.presets[setting]["paper"]
        assert (size.iterations, size.gans, size.held_out_gans) == (5, 15, 10)
        assert Generalization.presets[setting]["paper"].largest_pool == 15
    size = Iterations.presets["stylegan2"]["paper"]
    assert (size.phi, size.architecture) == (0.001, "resnet50")
