"""Classifier generalization: detection of held-out GANs against the number of GANs trained on.

DCGAN: one generator is enough for good generalization, more than one for almost perfect
generalization. StyleGAN2: several are needed, whatever the classifier's architecture. The paper
(slides) shows a curve and gives no numbers.

    python -m experiments.generalization --preset=paper --dataset=mnist
    python -m experiments.generalization --setting=stylegan2 --preset=reduced --dataset=records \\
        --data_dir=faces32
"""

import dataclasses
from functools import cached_property
from typing import ClassVar

from experiments.curve import Curve, Measured
from experiments.experiment import Experiment, paper_claim
from experiments.population import Shown, make_gans, seeds
from experiments.running import main
from experiments.sizes import DETECTORS, Architectures
from experiments.specs import GAN, Classifier, Spec


@dataclasses.dataclass(frozen=True)
class GeneralizationConfig(Architectures):
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

    called: ClassVar = {"classifiers": "classifiers for each n"}
    largest_pool: int = 15
    held_out_gans: int = 10
    classifiers: int = 5
    architectures: str = "cnn"


class Generalization(Experiment):
    """Detection of held-out GANs against n."""

    name = "generalization"
    title = "Classifier generalization against the number of GANs in the pool"
    question = "How many GANs must a classifier be trained on to detect GANs it has never seen?"
    paper_claim = paper_claim(__doc__)
    presets: ClassVar = {
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
    held_out_classifiers: ClassVar = ()  # it is the GANs that are held out

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

    def shape(self) -> Curve:
        """Of one architecture all curves are drawn, of several those of held-out GANs."""
        architectures, numbers = self.config.each_architecture, range(1, len(self.pool) + 1)
        curves: dict[str, dict[int, list[Shown]]] = {}
        for name in architectures:
            who = {n: self.classifiers[name, n] for n in numbers}
            unseen, seen = f"held-out GANs, {name}", f"GANs trained on, {name}"
            curves[unseen] = {n: [Shown(who[n], self.held_out)] for n in numbers}
            curves[seen] = {n: [Shown([c], c.pool) for c in who[n]] for n in numbers}
            curves[f"natural images, {name}"] = {n: [Shown(who[n], None)] for n in numbers}
        if len(architectures) == 1:
            drawn = {name.rpartition(", ")[0]: name for name in curves}
        else:
            drawn = {name: name for name in curves if name.startswith("held-out GANs")}
        labels = {(name, n): f"{name}, n = {n}" for name, n in self.classifiers}
        shown = {at: Shown(each, self.held_out) for at, each in self.classifiers.items()}
        return Curve(
            name="generalization",
            title="Accuracy against the number of GANs trained on",
            caption="Generated images called generated, natural evaluation images called natural.",
            row_label="Images and classifier",
            column_label="n, GANs trained on",
            pairs="classifier-GAN pairs; classifiers for natural images",
            columns={n: str(n) for n in numbers},
            curves=curves,
            summary=self._summarize,
            drawn=drawn,
            figure_title=self.title,
            figure_caption="Accuracy against n, the number of GANs in the classifier's training "
            "pool. Of generated images it is the fraction called generated, of natural ones the "
            "fraction called natural.",
            xlabel="n, GANs trained on",
            ylabel="accuracy",
            quality={"pool": self.pool, "held-out": self.held_out},
            classifiers={labels[at]: each for at, each in shown.items()},
            sources={f"held-out, by {labels[at]}": each for at, each in shown.items()},
            notes=(
                "Each classifier is trained for the same number of epochs over its pool, so with "
                "n times as many steps on n GANs.",
                "Evaluation images of GANs trained on are not their training images.",
            ),
        )

    def _summarize(self, measured: Measured) -> str:
        last, parts = len(self.pool), []
        for name in self.config.each_architecture:
            unseen, seen = measured[f"held-out GANs, {name}"], measured[f"GANs trained on, {name}"]
            text = (
                f"{name}: trained on one GAN, classifiers detect {seen[1].mean:.0%} of its images "
                f"and {unseen[1].mean:.0%} of the images of held-out GANs"
            )
            if last > 1:
                text += (
                    f"; trained on {last}, {unseen[last].mean:.0%}. The spread over instances is "
                    f"{unseen[1].std:.2f} at n = 1 and {unseen[last].std:.2f} at n = {last}"
                )
            parts.append(text + ".")
        return " ".join(parts)


if __name__ == "__main__":
    main(Generalization)
