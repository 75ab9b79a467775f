"""Iteration 0, and GANs that fool its classifiers: what differs between these is the experiment."""

import abc
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.curve import Curve
from experiments.experiment import Experiment
from experiments.population import Iteration, Shown, make_gans, make_iteration
from lab.specs import GAN, Classifier


class Fooling(Experiment):
    """Groups of GANs of iteration 1; all groups have the same seeds.

    Attributes:
        bases: iteration 0 for classifiers of each architecture; its GANs are the same.
        base: that of the first architecture.
        fooling: the groups of GANs, by what differs between them.
    """

    def build(self) -> None:
        """Iteration 0, and the groups."""
        size = self.config
        self.bases: dict[str, Iteration] = {
            each: make_iteration(self.setting, self.seed, 0, size, each)
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
        """A group of GANs that fool these classifiers."""
        return make_gans(
            self.setting, self.seed, 1, self.config.fooling_gans, fools=classifiers, phi=phi
        )

    def curve(
        self, *, axis: str, label: str, more_sources: Mapping[str, Shown] | None = None, **more: Any
    ) -> Curve:
        """Detection of the groups by both kinds of classifiers, and quality; none is the baseline.

        Args:
            axis: what differs between the groups.
            label: what a group is called among the sources, "{}" its x.
            more_sources: rows of the table of sources before those of the groups.
            **more: further attributes of `Curve`.
        """
        base, groups = self.base, self.fooling.items()
        held_out = {x: Shown(base.held_out_classifiers, gans) for x, gans in groups}
        in_loss = {x: Shown(gans[0].fools, gans) for x, gans in groups}
        shown = {
            "held-out classifiers": {None: base.held_out_shown, **held_out},
            "classifiers in the loss": {None: base.in_loss_shown, **in_loss},
        }
        return Curve(
            name=self.name,
            caption="Fraction of generated images detected. The first column is of GANs with no "
            "classifier in their loss, measured by classifiers that were not trained on them.",
            axis=axis,
            columns={None: "none", **{x: f"{x:g}" for x in self.fooling}},
            curves={name: {x: [each] for x, each in row.items()} for name, row in shown.items()},
            quality_along={None: base.all_gans, **self.fooling},
            classifiers={"held-out": base.held_out_shown, "in the loss": base.in_loss_shown},
            sources={
                **(more_sources or {}),
                **{label.format(f"{x:g}"): each for x, each in held_out.items()},
            },
            samples_of=f"A GAN, {axis}: {{}}",
            **more,
        )
