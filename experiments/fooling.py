"""Iteration 0, and GANs that fool its classifiers: what differs between these is the experiment."""

import abc
from functools import cached_property
from typing import Any

from experiments.experiment import Experiment
from experiments.population import Iteration, Shown, make_gans, make_iteration
from experiments.specs import GAN, Classifier, Spec


class Fooling(Experiment):
    """Groups of GANs of iteration 1; all groups have the same seeds."""

    @cached_property
    def bases(self) -> dict[str, Iteration]:
        """Iteration 0 for classifiers of each architecture; its GANs are the same."""
        size = self.config
        return {each: make_iteration(self.seed, 0, size, each) for each in size.each_architecture}

    @property
    def base(self) -> Iteration:
        """Iteration 0, of the first architecture."""
        return next(iter(self.bases.values()))

    @property
    @abc.abstractmethod
    def fooling(self) -> dict[Any, tuple[GAN, ...]]:
        """The groups of GANs, by what differs between them."""

    def fool(self, classifiers: tuple[Classifier, ...], phi: float) -> tuple[GAN, ...]:
        """A group of GANs that fool these classifiers."""
        return make_gans(self.seed, 1, self.config.fooling_gans, fools=classifiers, phi=phi)

    @property
    def held_out_classifiers(self) -> list[Classifier]:
        """Those of all architectures."""
        return [c for base in self.bases.values() for c in base.held_out_classifiers]

    @property
    def specs(self) -> list[Spec]:
        """All GANs and classifiers."""
        fooling = [gan for gans in self.fooling.values() for gan in gans]
        return [*self.base.all_gans, *self.held_out_classifiers, *fooling]

    def curves(self) -> dict[str, dict[Any, list[Shown]]]:
        """Detection of the groups by both kinds of classifiers; the baseline is iteration 0."""
        held_out = self.base.held_out_classifiers
        groups = self.fooling.items()
        return {
            "held-out classifiers": {
                None: [self.base.held_out_shown],
                **{x: [Shown(held_out, gans)] for x, gans in groups},
            },
            "classifiers in the loss": {
                None: [self.base.in_loss_shown],
                **{x: [Shown(gans[0].fools, gans)] for x, gans in groups},
            },
        }
