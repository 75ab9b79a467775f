"""Classifier generalization: detection of held-out GANs against the number of GANs trained on.

The paper (slides, "Classifier generalization"): a DCGAN classifier generalizes well from a single
generator and almost perfectly from more than one; StyleGAN2 classifiers need several generators,
whatever their architecture. It is shown as a curve, without numbers.

    python -m experiments.generalization  # 2 minutes on 2 cores
    python -m experiments.generalization --preset=reduced --dataset=mnist  # 1.5 hours
    python -m experiments.generalization --preset=paper --dataset=mnist  # 3.4 days
    python -m experiments.generalization --setting=stylegan2  # 7 minutes
    python -m experiments.generalization --setting=stylegan2 --preset=reduced --dataset=records \\
        --data_dir=faces32  # 18 hours
    python -m experiments.generalization --setting=stylegan2 --preset=paper --dataset=records \\
        --data_dir=ffhq256  # 22,800 hours of a V100

It writes to `<workdir>/results/generalization-<setting>-<preset>-<dataset>/`.

Times are of each alone on two cores of a processor, or on V100s: docs/reproducing.md.
"""

import dataclasses
from functools import cached_property
from typing import Any, ClassVar

from experiments.experiment import Experiment, Findings
from experiments.measurements import (
    classifier_table,
    detection,
    gan_table,
    natural_accuracy,
    quality_table,
    sample_grid,
)
from experiments.population import DETECTORS, make_gans, parse_architectures, seeds
from experiments.running import main
from lab import measure
from lab.lab import Lab
from lab.specs import GAN, Classifier, Spec
from report import Figure, Measurement, Table, error_curve
from training.config import check_at_least

Measured = dict[tuple[str, int], Measurement]  # by architecture and n


@dataclasses.dataclass(frozen=True)
class GeneralizationConfig:
    """Size of the generalization experiment.

    Attributes:
        largest_pool: Largest number n of GANs that a classifier is trained on; 15 in the paper.
        held_out_gans: GANs that no classifier is trained on (not fixed by the paper).
        classifiers: Classifiers of each architecture for each n (not fixed by the paper).
            Classifier k is trained on GANs k, k + 1 ... k + n - 1 of the pool, counted in a circle,
            so that the spread at n = 1 is that of GANs as well as of classifiers.
        architectures: Of the classifiers, separated by commas; cnn in the paper's DCGAN setting,
            the three others in its StyleGAN2 setting.
    """

    largest_pool: int = 15
    held_out_gans: int = 10
    classifiers: int = 5
    architectures: str = "cnn"

    def __post_init__(self):
        check_at_least(self, largest_pool=1, held_out_gans=1, classifiers=1)
        parse_architectures(self.architectures)

    @property
    def each_architecture(self) -> tuple[str, ...]:
        """The architectures one by one."""
        return parse_architectures(self.architectures)


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
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "dcgan": {
            "quick": GeneralizationConfig(largest_pool=3, held_out_gans=2, classifiers=3),
            "reduced": GeneralizationConfig(largest_pool=5, held_out_gans=4, classifiers=4),
            "paper": GeneralizationConfig(),
        },
        "stylegan2": {
            "quick": GeneralizationConfig(
                largest_pool=2, held_out_gans=1, classifiers=1, architectures=DETECTORS
            ),
            "reduced": GeneralizationConfig(
                largest_pool=4, held_out_gans=2, classifiers=2, architectures=DETECTORS
            ),
            "paper": GeneralizationConfig(architectures=DETECTORS),
        },
    }

    @cached_property
    def pool(self) -> tuple[GAN, ...]:
        """The GANs that classifiers are trained on."""
        return make_gans(self.setting, self.seed, 0, self.config.largest_pool)

    @cached_property
    def held_out(self) -> tuple[GAN, ...]:
        """The GANs that they are measured on."""
        start = self.config.largest_pool
        return make_gans(self.setting, self.seed, 0, self.config.held_out_gans, start=start)

    @cached_property
    def classifiers(self) -> dict[tuple[str, int], list[Classifier]]:
        """The classifiers of each architecture for each n."""
        circle = self.pool + self.pool
        starts = [k % len(self.pool) for k in range(self.config.classifiers)]
        return {
            (architecture, n): [
                Classifier(seed, circle[start : start + n], architecture)
                for seed, start in zip(seeds(self.seed, 0, len(starts)), starts, strict=True)
            ]
            for architecture in self.config.each_architecture
            for n in range(1, len(self.pool) + 1)
        }

    @property
    def specs(self) -> list[Spec]:
        """All GANs and classifiers."""
        return [*self.held_out, *(c for each in self.classifiers.values() for c in each)]

    @property
    def held_out_classifiers(self) -> list[Classifier]:
        """None: it is the GANs that are held out here, and none of them fools a classifier."""
        return []

    def findings(self, lab: Lab) -> Findings:
        """Detection rate of held-out GANs, and of the GANs trained on, for each n."""
        self._score(lab)
        unseen = {at: detection(lab, each, self.held_out) for at, each in self.classifiers.items()}
        seen = {at: self._seen(lab, each) for at, each in self.classifiers.items()}
        natural = {at: natural_accuracy(lab, each) for at, each in self.classifiers.items()}
        measured = {"held-out GANs": unseen, "GANs trained on": seen, "natural images": natural}
        rows = [(_label(*at), each, self.held_out) for at, each in self.classifiers.items()]
        return Findings(
            summary=" ".join(
                self._summarize(architecture, unseen, seen)
                for architecture in self.config.each_architecture
            ),
            instances={
                "architectures": ", ".join(self.config.each_architecture),
                "classifiers for each n": self.config.classifiers,
                "held-out GANs": self.config.held_out_gans,
            },
            tables=(
                self._table(measured),
                quality_table(lab, {"pool": self.pool, "held-out": self.held_out}),
                classifier_table(lab, rows),
                gan_table(lab, self._gan_rows()),
            ),
            figures=(self._figure(measured),),
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
            (f"held-out, by {_label(*at)}", gan, classifiers)
            for at, classifiers in self.classifiers.items()
            for gan in self.held_out
        ]

    def _score(self, lab: Lab) -> None:
        """Makes each GAN's images once for the classifiers of all n."""
        classifiers = [each for group in self.classifiers.values() for each in group]
        for gan in self.held_out:
            measure.score(lab, classifiers, gan)
        for gan in self.pool:
            measure.score(lab, [each for each in classifiers if gan in each.pool], gan)

    def _seen(self, lab: Lab, classifiers: list[Classifier]) -> Measurement:
        values = (
            value for each in classifiers for value in detection(lab, [each], each.pool).values
        )
        return Measurement(tuple(values))

    def _summarize(self, architecture: str, unseen: Measured, seen: Measured) -> str:
        first, last = (architecture, 1), (architecture, len(self.pool))
        text = (
            f"{architecture}: trained on one GAN, classifiers detect {seen[first].mean:.0%} of its "
            f"images and {unseen[first].mean:.0%} of the images of held-out GANs"
        )
        if last == first:
            return text + "."
        return (
            f"{text}; trained on {last[1]}, {unseen[last].mean:.0%}. The spread over instances is "
            f"{unseen[first].std:.2f} at n = 1 and {unseen[last].std:.2f} at n = {last[1]}."
        )

    def _table(self, measured: dict[str, Measured]) -> Table:
        rows = {
            f"{images}, {architecture}": self._curve(each, architecture)
            for architecture in self.config.each_architecture
            for images, each in measured.items()
        }
        return Table(
            name="generalization",
            title="Accuracy against the number of GANs trained on",
            caption="Generated images called generated, natural evaluation images called natural.",
            row_label="Images and classifier",
            column_label="n, GANs trained on",
            rows=tuple(rows),
            columns=tuple(str(n) for n in range(1, len(self.pool) + 1)),
            cells=[[value for _, value in row] for row in rows.values()],
            instances="classifier-GAN pairs; classifiers for natural images",
        )

    def _figure(self, measured: dict[str, Measured]) -> Figure:
        """Of one architecture all curves, of several those of held-out GANs, as in the paper."""
        architectures = self.config.each_architecture
        if len(architectures) == 1:
            curves = {
                images: self._curve(each, architectures[0]) for images, each in measured.items()
            }
        else:
            unseen = measured["held-out GANs"]
            curves = {f"held-out GANs, {each}": self._curve(unseen, each) for each in architectures}
        return Figure(
            "generalization",
            "Accuracy against n, the number of GANs in the classifier's training pool. Of "
            "generated images it is the fraction called generated, of natural ones the fraction "
            "called natural.",
            lambda path: error_curve(
                path, curves, title=self.title, xlabel="n, GANs trained on", ylabel="accuracy"
            ),
        )

    def _curve(self, measured: Measured, architecture: str) -> list[tuple[int, Measurement]]:
        return [(n, value) for (name, n), value in measured.items() if name == architecture]


def _label(architecture: str, n: int) -> str:
    return f"{architecture}, n = {n}"


if __name__ == "__main__":
    main(Generalization)
