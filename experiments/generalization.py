"""Classifier generalization: detection of held-out GANs against the number of GANs trained on.

DCGAN: one generator is enough for good generalization, more than one for almost perfect
generalization. StyleGAN2: several are needed, whatever the classifier's architecture. The paper
(slides) shows a curve and gives no numbers.

    python -m experiments.generalization --preset=paper --dataset=mnist
    python -m experiments.generalization --setting=stylegan2 --preset=reduced --dataset=records \\
        --data_dir=faces32
"""

import dataclasses
from typing import ClassVar

from experiments.curve import Curve, Measured
from experiments.experiment import Experiment
from experiments.population import Shown, make_gans, seeds
from experiments.running import main
from experiments.sizes import DETECTORS, Architectures
from lab.specs import Classifier


@dataclasses.dataclass(frozen=True, kw_only=True)
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

    called: ClassVar = {"classifiers": "classifiers for each n", "largest_pool": ""}
    largest_pool: int = 15
    held_out_gans: int = 10
    classifiers: int = 5
    architectures: str = "cnn"


class Generalization(Experiment):
    """Detection of held-out GANs against n."""

    name = "generalization"
    title = "Classifier generalization against the number of GANs in the pool"
    question = "How many GANs must a classifier be trained on to detect GANs it has never seen?"
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

    def build(self) -> None:
        """The GANs, and classifiers of each architecture for each n."""
        size, most = self.config, self.config.largest_pool
        gans = make_gans(self.setting, self.seed, 0, most + size.held_out_gans)
        self.pool, self.held_out = gans[:most], gans[most:]
        circle = self.pool + self.pool
        starts = [k % most for k in range(size.classifiers)]
        self.classifiers = {
            (architecture, n): [
                Classifier(seed, circle[start : start + n], architecture)
                for seed, start in zip(seeds(self.seed, 0, len(starts)), starts, strict=True)
            ]
            for architecture in size.each_architecture
            for n in range(1, most + 1)
        }
        self.specs = [*self.held_out, *(c for each in self.classifiers.values() for c in each)]
        self.held_out_classifiers = []  # it is the GANs that are held out

    def shape(self) -> Curve:
        """Of one architecture all curves are drawn, of several those of held-out GANs."""
        architectures, numbers = self.config.each_architecture, range(1, len(self.pool) + 1)
        curves: dict[str, dict[int, list[Shown]]] = {}
        for name in architectures:
            who = {n: self.classifiers[name, n] for n in numbers}
            curves[_unseen(name)] = {n: [Shown(who[n], self.held_out)] for n in numbers}
            curves[_seen(name)] = {n: [Shown([c], c.pool) for c in who[n]] for n in numbers}
            curves[f"natural images, {name}"] = {n: [Shown(who[n], None)] for n in numbers}
        shown = {
            f"{name}, n = {n}": Shown(each, self.held_out)
            for (name, n), each in self.classifiers.items()
        }
        return Curve(
            name=self.name,
            title="Accuracy against the number of GANs trained on",
            caption="Generated images called generated, natural evaluation images called natural.",
            row_label="Images and classifier",
            axis="n, GANs trained on",
            instances="classifier-GAN pairs; classifiers for natural images",
            columns={n: str(n) for n in numbers},
            curves=curves,
            summary=self._summarize,
            drawn=list(curves) if len(architectures) == 1 else [*map(_unseen, architectures)],
            ylabel="accuracy",
            quality={"pool": self.pool, "held-out": self.held_out},
            classifiers=shown,
            sources={f"held-out, by {name}": each for name, each in shown.items()},
            notes=(
                "Each classifier is trained for the same number of epochs over its pool, so with "
                "n times as many steps on n GANs.",
                "Evaluation images of GANs trained on are not their training images.",
            ),
        )

    def _summarize(self, measured: Measured) -> str:
        last, parts = len(self.pool), []
        for name in self.config.each_architecture:
            unseen, seen = measured[_unseen(name)], measured[_seen(name)]
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


def _unseen(architecture: str) -> str:
    return f"held-out GANs, {architecture}"


def _seen(architecture: str) -> str:
    return f"GANs trained on, {architecture}"


if __name__ == "__main__":
    main(Generalization)
