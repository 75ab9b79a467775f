"""Who is trained on whom: held-out means held out."""

import itertools

import pytest

from experiments.coefficient_sweep import CoefficientSweep, SweepConfig
from experiments.generalization import Generalization, GeneralizationConfig
from experiments.iterations import Iterations
from experiments.memoryless import Memoryless
from experiments.sequence import SequenceConfig
from experiments.specs import GAN, Classifier, in_order

SIZE = SequenceConfig(iterations=4, gans=2, held_out_gans=3, held_out_classifiers=2)


def classifiers_in_losses(specs) -> set[Classifier]:
    """Every classifier that some GAN is trained to fool."""
    return {c for spec in in_order(specs) if isinstance(spec, GAN) for c in spec.fools}


@pytest.mark.parametrize("experiment", [Iterations(SIZE), Memoryless(SIZE)])
def test_held_out_classifiers_share_no_gan_with_those_in_the_loss(experiment):
    in_loss = classifiers_in_losses(experiment.specs)
    fooled_pools = {gan for classifier in in_loss for gan in classifier.pool}
    for iteration in experiment.iterations:
        for classifier in iteration.held_out_classifiers:
            assert classifier not in in_loss
            assert not fooled_pools & set(classifier.pool)
            assert not set(iteration.gans) & set(classifier.pool)  # It is measured on these.


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
    for n, classifiers in experiment.classifiers.items():
        assert len(classifiers) == len(set(classifiers)) == 6
        for classifier in classifiers:
            assert len(set(classifier.pool)) == n
            assert not set(classifier.pool) & set(experiment.held_out)


def test_sweep_covers_the_papers_decades():
    assert CoefficientSweep.presets["paper"].phis == pytest.approx(
        [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5]
    )


def test_the_papers_sizes_are_the_papers():
    size = Iterations.presets["paper"]
    assert (size.iterations, size.gans, size.held_out_gans) == (5, 15, 10)
    assert Generalization.presets["paper"].largest_pool == 15
