"""Values: equal when they describe the same training."""

import time

import pytest

from gan_knowledge_gaps.lab.specs import GAN, Classifier, DigitClassifier, in_order


def chain(length: int, seed: int = 0) -> GAN:
    """A GAN at the end of a chain in which every GAN fools all earlier classifiers."""
    classifiers = []
    for iteration in range(length):
        pool = [GAN(10 * iteration + k, classifiers, phi=1) for k in range(5)]
        classifiers = [*classifiers, Classifier(seed, pool)]
    return GAN(999, classifiers, phi=1)


def test_values_made_apart_are_equal():
    assert chain(3) == chain(3)
    assert hash(chain(3)) == hash(chain(3))
    assert len({chain(3), chain(3)}) == 1


@pytest.mark.parametrize(
    "other",
    [
        GAN(1),
        GAN(0, [Classifier(0, [GAN(1)])], phi=1),
        GAN(0, [Classifier(0, [GAN(1)])], phi=2),
        GAN(0, [Classifier(1, [GAN(1)])], phi=1),
        Classifier(0, [GAN(0)]),
        DigitClassifier(0),
    ],
)
def test_any_difference_makes_another_value(other):
    assert other != GAN(0)
    assert other.digest != GAN(0).digest


def test_a_difference_far_up_the_chain_counts():
    assert chain(4, seed=0) != chain(4, seed=1)


def test_the_order_of_a_pool_counts_as_it_sets_the_order_of_images():
    assert Classifier(0, [GAN(0), GAN(1)]) != Classifier(0, [GAN(1), GAN(0)])


def test_phi_without_a_classifier_changes_nothing():
    assert GAN(0, phi=5.0) == GAN(0)


def test_dependencies_come_first_and_everything_once():
    ordered = in_order([chain(4), chain(4), GAN(0)])
    assert len(ordered) == len(set(ordered)) == 4 * 5 + 4 + 1
    for position, spec in enumerate(ordered):
        assert set(spec.dependencies) <= set(ordered[:position])


def test_long_chains_take_no_exponential_time():
    started = time.process_time()
    in_order([chain(60)])
    assert time.process_time() - started < 5  # As trees, 5 to the power of 60 paths.
