"""The instances that experiments share: who is trained with which seed, and on whom.

Every iteration has two disjoint populations of GANs. The first trains the classifiers that go into
the losses of later GANs; the second trains the held-out classifiers, which no GAN ever fools on
purpose. Held-out classifiers are measured on the first population, classifiers in the loss on the
second: nobody is measured on a GAN it was trained on.
"""

import dataclasses
from collections.abc import Iterable

from classifiers import ARCHITECTURES
from data import InputError
from lab.specs import GAN, Classifier, ImageSource

# Seeds of one iteration: GANs from 0, classifiers in the loss from 0, held-out ones from 500.
ITERATION_SEEDS = 1_000
EXPERIMENT_SEEDS = 100_000
HELD_OUT = 500
DETECTORS = "resnet50,inception_v3,mobilenet_v2"  # the paper's, in its StyleGAN2 setting


@dataclasses.dataclass(frozen=True)
class Iteration:
    """The instances of one iteration.

    Attributes:
        gans: GANs that the classifiers in the loss are trained on.
        held_out_gans: GANs that the held-out classifiers are trained on.
        classifiers: classifiers that go into the loss of later GANs.
        held_out_classifiers: classifiers that never do.
    """

    gans: tuple[GAN, ...]
    held_out_gans: tuple[GAN, ...]
    classifiers: tuple[Classifier, ...]
    held_out_classifiers: tuple[Classifier, ...]

    @property
    def all_gans(self) -> tuple[GAN, ...]:
        """Both populations."""
        return self.gans + self.held_out_gans


def seeds(seed: int, iteration: int, count: int, start: int = 0) -> range:
    """Seeds of instances `start` ... `start + count - 1` of an iteration."""
    first = seed * EXPERIMENT_SEEDS + iteration * ITERATION_SEEDS + start
    return range(first, first + count)


def make_gans(
    family: str, seed: int, iteration: int, count: int, *, start: int = 0, fools=(), phi: float = 0
) -> tuple[GAN, ...]:
    """Instances `start` ... `start + count - 1` of an iteration's GANs."""
    return tuple(
        GAN(each, fools, phi, family=family) for each in seeds(seed, iteration, count, start)
    )


def make_iteration(
    family: str,
    seed: int,
    iteration: int,
    *,
    gans: int,
    held_out_gans: int,
    classifiers: int,
    held_out_classifiers: int,
    architecture: str = "cnn",
    fools=(),
    phi: float = 0.0,
) -> Iteration:
    """An iteration whose GANs fool the given classifiers; the counts say how many of each."""
    everyone = make_gans(family, seed, iteration, gans + held_out_gans, fools=fools, phi=phi)
    first, second = everyone[:gans], everyone[gans:]
    return Iteration(
        gans=first,
        held_out_gans=second,
        classifiers=make_classifiers(seed, iteration, classifiers, first, architecture),
        held_out_classifiers=make_classifiers(
            seed, iteration, held_out_classifiers, second, architecture, start=HELD_OUT
        ),
    )


def make_classifiers(
    seed: int,
    iteration: int,
    count: int,
    pool: Iterable[ImageSource],
    architecture: str,
    *,
    start: int = 0,
) -> tuple[Classifier, ...]:
    """Instances `start` ... `start + count - 1` of an iteration's classifiers of one pool."""
    pool = tuple(pool)
    return tuple(
        Classifier(each, pool, architecture) for each in seeds(seed, iteration, count, start)
    )


def parse_architectures(names: str) -> tuple[str, ...]:
    """Architectures of classifiers from "resnet50,inception_v3".

    Raises:
        InputError: one of them is not known.
    """
    given = tuple(dict.fromkeys(names.split(",")))
    for name in given:
        if name not in ARCHITECTURES:
            raise InputError(
                f"architectures is {names}; '{name}' is none of {', '.join(ARCHITECTURES)}"
            )
    return given
