"""The instances that experiments share: who is trained with which seed, and on whom.

Every iteration has two disjoint populations of GANs. The first trains the classifiers that go into
the losses of later GANs; the second trains the held-out classifiers, which no GAN ever fools on
purpose. Held-out classifiers are measured on the first population, classifiers in the loss on the
second: nobody is measured on a GAN it was trained on.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gan_knowledge_gaps.experiments.sizes import Populations
from gan_knowledge_gaps.lab.specs import GAN, Classifier, ImageSource, StartingPoint

ITERATION_SEEDS = 1_000
EXPERIMENT_SEEDS = 100_000
# Seeds of one iteration: GANs and classifiers in the loss begin at 0, others at these.
TRUNCATED = 50  # classifiers of truncated images
HELD_OUT = 500  # held-out classifiers
FINETUNED = 900  # finetuned GANs


class Shown(NamedTuple):
    """Classifiers that are shown images: every classifier, those of every source.

    Attributes:
        classifiers: instances.
        sources: of generated images; None for the natural evaluation images.
    """

    classifiers: Sequence[Classifier]
    sources: Sequence[ImageSource] | None

    def pairs(self) -> Iterator[tuple[Classifier, ImageSource]]:
        """Every classifier with every source of generated images."""
        return ((c, source) for c in self.classifiers for source in self.sources or ())


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

    @property
    def held_out_shown(self) -> Shown:
        """The held-out classifiers, and GANs of this iteration that they were not trained on."""
        return Shown(self.held_out_classifiers, self.gans)

    @property
    def in_loss_shown(self) -> Shown:
        """The classifiers for the loss, and GANs of this iteration that they do not know."""
        return Shown(self.classifiers, self.held_out_gans)


def seeds(seed: int, iteration: int, count: int, start: int = 0) -> range:
    """Seeds of instances `start` ... `start + count - 1` of an iteration."""
    first = seed * EXPERIMENT_SEEDS + iteration * ITERATION_SEEDS + start
    return range(first, first + count)


def iteration_of(seed: int) -> int:
    """The iteration of the instances with a seed."""
    return seed % EXPERIMENT_SEEDS // ITERATION_SEEDS


def make_gans(
    family: str,
    seed: int,
    iteration: int,
    count: int,
    *,
    fools: Iterable[Classifier] = (),
    phi: float = 0,
    begin: Sequence[GAN | StartingPoint] = (),
    share: float = 1.0,
) -> tuple[GAN, ...]:
    """The first instances of an iteration's GANs.

    Args:
        family: of all.
        seed: of the experiment.
        iteration: its number.
        count: how many.
        fools: the classifiers that all of them fool.
        phi: weight of these.
        begin: with whose networks they begin, in turn; none for fresh ones.
        share: of the configured length of a training.
    """
    starts = itertools.cycle(begin or [None])
    pairs = zip(seeds(seed, iteration, count), starts, strict=False)
    return tuple(
        GAN(each, fools, phi, start=start, share=share, family=family) for each, start in pairs
    )


def make_iteration(
    family: str,
    seed: int,
    iteration: int,
    size: Populations,
    architecture: str,
    **how,
) -> Iteration:
    """An iteration of an experiment's size.

    GAN k of each population begins, if any does, with GAN k of the same population before it: no
    GAN that a classifier in the loss knows is behind a held-out classifier.

    Args:
        family: of the GANs.
        seed: of the experiment.
        iteration: its number.
        size: of the populations.
        architecture: of the classifiers.
        **how: further arguments of `make_gans`.
    """
    count = size.gans + size.held_out_gans
    everyone = make_gans(family, seed, iteration, count, **how)
    first, second = everyone[: size.gans], everyone[size.gans :]
    in_loss = make_classifiers(seed, iteration, size.classifiers, first, architecture)
    held_out = make_classifiers(
        seed, iteration, size.held_out_classifiers, second, architecture, start=HELD_OUT
    )
    return Iteration(first, second, in_loss, held_out)


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
