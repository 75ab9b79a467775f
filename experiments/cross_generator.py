"""Detection across generators: classifiers of each generator, measured on every other.

The paper asks this of GANs that differ in their seeds: classifiers of StyleGAN2 need several of
them to detect others. Of generators of other kinds it reports nothing.

    python -m experiments.cross_generator --natural=photos --resolution=64 \\
        --generators=gan=gan.zip,diffusion=diffusion,ffhq=ffhq-64.pkl

It is the field's train-on by test-on matrix, of generators that the user has; only classifiers are
trained. See docs/generators.md.
"""

import dataclasses
from typing import ClassVar

import numpy as np

from experiments.clusters import find_clusters
from experiments.curve import Curve, Measured
from experiments.experiment import Experiment
from experiments.generators import define_sources, open_natural, open_sources
from experiments.matrix import Detections, Matrix, Tables, means
from experiments.measurements import DETECTION_FIELDS
from experiments.population import Shown, seeds
from experiments.running import main
from experiments.sizes import Architectures
from lab.config import IMAGES
from lab.specs import Classifier, ImageSource


@dataclasses.dataclass(frozen=True, kw_only=True)
class CrossGeneratorConfig(Architectures):
    """Size of the experiment.

    Attributes:
        classifiers: Classifiers of each architecture and pool of generators.
    """

    called: ClassVar = {"classifiers": "classifiers of each pool and architecture"}
    classifiers: int = 3
    architectures: str = "resnet50"


class CrossGenerator(Experiment):
    """Classifiers of one generator, of several, and of all but one, on every generator."""

    name = "cross_generator"
    title = "Detection across generators"
    question = "Which generators does a classifier detect that it was not trained on?"
    presets: ClassVar = {
        IMAGES: {
            "quick": CrossGeneratorConfig(classifiers=1, architectures="cnn"),
            "reduced": CrossGeneratorConfig(classifiers=2),
            "paper": CrossGeneratorConfig(),
        }
    }
    define_flags, dataset = staticmethod(define_sources), staticmethod(open_natural)

    def build(self) -> None:
        """Classifiers of n generators from the k-th on, counted in a circle, for every n and k."""
        self.sources = {source.name: source for source in open_sources()}
        circle, count = list(self.sources.values()) * 2, len(self.sources)
        self.classifiers = {
            (architecture, n, k): [
                Classifier(seed, circle[k : k + n], architecture)
                for seed in seeds(self.seed, 0, self.config.classifiers)
            ]
            for architecture in self.config.each_architecture
            for n in range(1, count)
            for k in range(count)
        }
        self.specs = [each for group in self.classifiers.values() for each in group]
        self.held_out_classifiers = []  # no generator here fools a classifier
        self.provenance = [source.digest for source in self.sources.values()]

    def shape(self) -> Matrix:
        """The matrix in each metric, its clusters, and the curve over the pool's size."""
        columns = {name: [source] for name, source in self.sources.items()}
        last = len(self.sources) - 1
        rates, *rankings = (self._detections(n, t, columns) for t, n in DETECTION_FIELDS.items())
        return Matrix(
            detections=[rates, *rankings],
            summary=_summarize,
            find_clusters=lambda rates: find_clusters(1.0 - rates),
            quality=columns,
            classifiers={
                f"{name}, all but {self._unseen(group)[0].name}": Shown(group, self._unseen(group))
                for (name, n, _), group in self.classifiers.items()
                if n == last
            },
            samples_of="Images of {}",
            also=[self._curve()],
            notes=(
                "Natural and generated images that were resized, cropped or compressed otherwise "
                "are told apart by that alone.",
                "Clusters: average linkage of 1 - (mean of the rates at which either classifier "
                "detects the other's generator), cut where the silhouette is largest.",
            ),
        )

    def _unseen(self, group: list[Classifier]) -> list[ImageSource]:
        return [source for source in self.sources.values() if source not in group[0].pool]

    def _detections(self, field: str, title: str, columns: dict) -> Detections:
        alone = {
            name: [c for a in self.config.each_architecture for c in self.classifiers[a, 1, k]]
            for k, name in enumerate(self.sources)
        }
        return Detections(
            rows=alone, columns=columns, name=field, field=field, row_label="Trained on",
            column_label="Tested on", instances="classifiers",
            title=f"{title[0].upper()}{title[1:]} of each generator by classifiers of each",
            caption="Images of a generator that trained no classifier; on the diagonal, those of "
            "the generator that the classifier was trained on.",
        )  # fmt: skip

    def _curve(self) -> Curve:
        numbers, last = range(1, len(self.sources)), len(self.sources) - 1
        curves = {
            architecture: {
                n: [
                    Shown(group, self._unseen(group))
                    for k in range(len(self.sources))
                    if (group := self.classifiers[architecture, n, k])
                ]
                for n in numbers
            }
            for architecture in self.config.each_architecture
        }
        return Curve(
            name="unseen",
            title="Detection of unseen generators against the number in the pool",
            caption="Fraction of images detected of generators that are not in the classifier's "
            f"pool. At {last} all but one are in it (leave-one-out).",
            row_label="Classifier",
            axis="generators in the pool",
            instances="classifier-generator pairs",
            columns={n: str(n) for n in numbers},
            curves=curves,
            summary=lambda measured: _summarize_curve(measured, last),
        )


def _summarize(tables: Tables) -> str:
    rates = means(tables[0])
    own, others = np.diag(rates).mean(), rates[~np.eye(len(rates), dtype=bool)].mean()
    groups = find_clusters(1.0 - rates).named(tables[0].rows)
    return (
        f"Classifiers of one generator detect {own:.0%} of its images and {others:.0%} of those of "
        f"the other generators. Groups that share artefacts: {groups}."
    )


def _summarize_curve(measured: Measured, last: int) -> str:
    rates = ", ".join(f"{name} {each[last].mean:.0%}" for name, each in measured.items())
    return f"Trained on all generators but one, classifiers detect of that one: {rates}."


if __name__ == "__main__":
    main(CrossGenerator)
