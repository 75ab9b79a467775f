"""Classifier generalization: detection of held-out GANs against the number of GANs trained on.

The paper (slides, "Classifier generalization"): a DCGAN classifier generalizes well from a single
generator and almost perfectly from more than one; StyleGAN2 classifiers need several generators.
It is shown as a curve, without numbers.

    python -m experiments.generalization                                   # digits, minutes
    python -m experiments.generalization --dataset=mnist --preset=reduced  # hours on 2 cores
    python -m experiments.generalization --dataset=mnist --preset=paper    # a GPU, days

It writes to `<workdir>/results/generalization-<preset>-<dataset>/`.
"""

import dataclasses
from functools import cached_property
from typing import Any, ClassVar

from experiments.experiment import Experiment, Findings, main
from experiments.lab import Lab
from experiments.measurements import (
    classifier_table,
    detection,
    gan_table,
    natural_accuracy,
    quality_table,
    sample_grid,
)
from experiments.population import make_gans, seeds
from experiments.specs import GAN, Classifier, Spec
from report import Figure, Measurement, Table, error_curve
from training.config import check_at_least


@dataclasses.dataclass(frozen=True)
class GeneralizationConfig:
    """Size of the generalization experiment.

    Attributes:
        largest_pool: Largest number n of GANs that a classifier is trained on; 15 in the paper.
        held_out_gans: GANs that no classifier is trained on (not fixed by the paper).
        classifiers: Classifiers for each n (not fixed by the paper). Classifier k is trained on
            GANs k, k + 1 ... k + n - 1 of the pool, counted in a circle, so that the spread at
            n = 1 is that of GANs as well as of classifiers.
    """

    largest_pool: int = 15
    held_out_gans: int = 10
    classifiers: int = 5

    def __post_init__(self):
        check_at_least(self, largest_pool=1, held_out_gans=1, classifiers=1)


class Generalization(Experiment):
    """Detection of held-out GANs against n."""

    name = "generalization"
    title = "Classifier generalization against the number of GANs in the pool"
    question = "How many GANs must a classifier be trained on to detect GANs it has never seen?"
    paper_claim = (
        "DCGAN: one generator is enough for good generalization, more than one for almost perfect "
        "generalization. StyleGAN2: several are needed, whatever the classifier's architecture. "
        "The paper shows a curve and gives no numbers."
    )
    presets: ClassVar[dict[str, Any]] = {
        "quick": GeneralizationConfig(largest_pool=3, held_out_gans=2, classifiers=3),
        "reduced": GeneralizationConfig(largest_pool=5, held_out_gans=4, classifiers=4),
        "paper": GeneralizationConfig(),
    }

    @cached_property
    def pool(self) -> tuple[GAN, ...]:
        """The GANs that classifiers are trained on."""
        return make_gans(self.seed, 0, self.config.largest_pool)

    @cached_property
    def held_out(self) -> tuple[GAN, ...]:
        """The GANs that they are measured on."""
        start = self.config.largest_pool
        return make_gans(self.seed, 0, self.config.held_out_gans, start=start)

    @cached_property
    def classifiers(self) -> dict[int, list[Classifier]]:
        """The classifiers for each n."""
        circle = self.pool + self.pool
        starts = [k % len(self.pool) for k in range(self.config.classifiers)]
        return {
            n: [
                Classifier(seed, circle[start : start + n])
                for seed, start in zip(seeds(self.seed, 0, len(starts)), starts, strict=True)
            ]
            for n in range(1, len(self.pool) + 1)
        }

    @property
    def specs(self) -> list[Spec]:
        """All GANs and classifiers."""
        return [*self.held_out, *(c for each in self.classifiers.values() for c in each)]

    def findings(self, lab: Lab) -> Findings:
        """Detection rate of held-out GANs, and of the GANs trained on, for each n."""
        unseen = {n: detection(lab, each, self.held_out) for n, each in self.classifiers.items()}
        seen = {n: self._seen(lab, each) for n, each in self.classifiers.items()}
        natural = {n: natural_accuracy(lab, each) for n, each in self.classifiers.items()}
        curves = {
            "held-out GANs": list(unseen.items()),
            "GANs trained on": list(seen.items()),
            "natural images": list(natural.items()),
        }
        rows = [(f"n = {n}", each, self.held_out) for n, each in self.classifiers.items()]
        return Findings(
            summary=self._summarize(unseen, seen),
            instances={
                "classifiers for each n": self.config.classifiers,
                "held-out GANs": self.config.held_out_gans,
            },
            tables=(
                _table(unseen, seen, natural),
                quality_table(lab, {"pool": self.pool, "held-out": self.held_out}),
                classifier_table(lab, rows),
                gan_table(lab, self._gan_rows()),
            ),
            figures=(
                Figure(
                    "generalization",
                    "Accuracy against n, the number of GANs in the classifier's training pool. "
                    "Of generated images it is the fraction called generated, of natural ones the "
                    "fraction called natural.",
                    lambda path: error_curve(
                        path,
                        curves,
                        title=self.title,
                        xlabel="n, GANs trained on",
                        ylabel="accuracy",
                    ),
                ),
            ),
            grids=(
                sample_grid(lab, self.pool[0], "samples-pool", "A GAN of the pool"),
                sample_grid(lab, self.held_out[0], "samples-held-out", "A held-out GAN"),
            ),
            notes=(
                "Each classifier is trained for the same number of epochs over its pool, so with "
                "n times as many steps on n GANs.",
                "Evaluation images of GANs trained on are not their training images.",
            ),
        )

    def _gan_rows(self) -> list[tuple[str, GAN, list[Classifier]]]:
        return [
            (f"held-out, by classifiers of n = {n}", gan, classifiers)
            for n, classifiers in self.classifiers.items()
            for gan in self.held_out
        ]

    def _seen(self, lab: Lab, classifiers: list[Classifier]) -> Measurement:
        values = (detection(lab, [c], c.pool).values for c in classifiers)
        return Measurement(tuple(value for each in values for value in each))

    def _summarize(self, unseen: dict[int, Measurement], seen: dict[int, Measurement]) -> str:
        first, last = min(unseen), max(unseen)
        text = (
            f"Trained on one GAN, classifiers detect {unseen[first].mean:.0%} of the images of "
            f"held-out GANs (and {seen[first].mean:.0%} of unseen images of the GAN they know)"
        )
        if last == first:
            return text + "."
        return (
            f"{text}; trained on {last}, {unseen[last].mean:.0%}. The spread over instances is "
            f"{unseen[first].std:.2f} at n = 1 and {unseen[last].std:.2f} at n = {last}."
        )


def _table(unseen: dict, seen: dict, natural: dict) -> Table:
    return Table(
        name="generalization",
        title="Accuracy against the number of GANs trained on",
        caption="Generated images called generated, natural evaluation images called natural.",
        row_label="Images",
        column_label="n, GANs trained on",
        rows=("held-out GANs", "GANs trained on", "natural"),
        columns=tuple(str(n) for n in unseen),
        cells=[list(each.values()) for each in (unseen, seen, natural)],
        instances="classifier-GAN pairs; classifiers for natural images",
    )


if __name__ == "__main__":
    main(Generalization)
