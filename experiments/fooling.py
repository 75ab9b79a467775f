"""Iteration 0, and GANs that fool its classifiers: what differs between these is the experiment."""

import abc
from collections.abc import Sequence
from typing import Any

from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.population import Iteration, make_gans, make_iteration
from gan_knowledge_gaps.lab.specs import GAN, Classifier


class Fooling(Experiment):
    """Groups of GANs of iteration 1; all groups have the same seeds.

    Attributes:
        bases: iteration 0 for classifiers of each architecture; its GANs are the same.
        base: that of the first architecture.
        fooling: the groups of GANs, by what differs between them.
    """

    config: Any  # Populations, FoolingGANs, and Architecture or Architectures

    def build(self) -> None:
        """Iteration 0, and the groups."""
        size = self.config
        self.bases: dict[str, Iteration] = {
            each: make_iteration(self.setting, self.seed, 0, size, each, **self.first)
            for each in size.each_architecture
        }
        self.base = self.bases[size.each_architecture[0]]
        self.fooling = self.groups()
        self.held_out_classifiers = [
            c for base in self.bases.values() for c in base.held_out_classifiers
        ]
        fooling = [gan for gans in self.fooling.values() for gan in gans]
        self.specs = [*self.base.all_gans, *self.held_out_classifiers, *fooling]

    @abc.abstractmethod
    def groups(self) -> dict[Any, tuple[GAN, ...]]:
        """The groups of GANs, by what differs between them."""

    def fool(self, classifiers: Sequence[Classifier], phi: float) -> tuple[GAN, ...]:
        """A group of GANs that fool these classifiers; held-out classifiers know none of them."""
        return make_gans(
            self.setting, self.seed, 1, self.config.fooling_gans, fools=classifiers, phi=phi,
            **self.after(self.base.gans),
        )  # fmt: skip
