"""Mutual fooling: which classifier instances are fooled by a GAN that was trained to fool another.

The paper (StyleGAN2, ten MobileNetV2 instances): they form "mutually fooling" clusters, inside of
which a GAN that fools one instance fools the others.

    python -m experiments.mutual_fooling  # 4 minutes on 2 cores
    python -m experiments.mutual_fooling --preset=reduced --dataset=records \\
        --data_dir=faces32  # 12 hours
    python -m experiments.mutual_fooling --preset=paper --dataset=records \\
        --data_dir=ffhq256  # 19,700 hours of a V100

It writes to `<workdir>/results/mutual_fooling-<setting>-<preset>-<dataset>/`.

Times are of each alone on two cores of a processor, or on V100s: docs/reproducing.md.
"""

import dataclasses
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from classifiers import ARCHITECTURES
from experiments.clusters import Clusters, find_clusters
from experiments.experiment import Experiment, Findings
from experiments.measurements import (
    classifier_table,
    detection,
    detection_map,
    gan_table,
    quality_table,
    sample_grid,
)
from experiments.population import make_classifiers, make_gans, seeds
from experiments.running import main
from lab import measure
from lab.lab import Lab
from lab.specs import GAN, Classifier, Spec
from report import Figure, Measurement, Table, heat_map
from training.config import check_at_least, check_choices

# The paper's matrix; one digit, 0.9?, is lost in the only copy of it.
PAPER = (
    ("0.04", "0.06", "0.05", "0.08", "0.07", "0.06", "0.98", "0.98", "0.47", "0.95"),
    ("0.16", "0.05", "0.11", "0.10", "0.08", "0.10", "0.99", "0.99", "0.64", "0.97"),
    ("0.09", "0.08", "0.03", "0.10", "0.08", "0.08", "0.99", "0.99", "0.44", "0.94"),
    ("0.09", "0.05", "0.05", "0.03", "0.05", "0.05", "0.9?", "0.99", "0.53", "0.96"),
    ("0.09", "0.05", "0.09", "0.06", "0.04", "0.10", "0.98", "0.98", "0.60", "0.94"),
    ("0.22", "0.15", "0.14", "0.20", "0.20", "0.05", "1.00", "1.00", "0.70", "0.98"),
    ("0.53", "0.45", "0.59", "0.37", "0.52", "0.35", "0.01", "0.21", "0.37", "0.03"),
    ("0.28", "0.29", "0.45", "0.17", "0.17", "0.21", "0.02", "0.00", "0.12", "0.03"),
    ("0.13", "0.14", "0.06", "0.11", "0.17", "0.09", "0.92", "0.91", "0.03", "0.74"),
    ("0.44", "0.42", "0.37", "0.34", "0.40", "0.33", "0.60", "0.70", "0.28", "0.02"),
)


_PAPER_SCOPE = "ten MobileNetV2 instances, StyleGAN2 on FFHQ"


def paper_rates() -> np.ndarray:
    """The paper's matrix [10, 10] as numbers, the lost digit taken as 0.95."""
    return np.array([[float(text.replace("?", "5")) for text in line] for line in PAPER])


@dataclasses.dataclass(frozen=True)
class MutualFoolingConfig:
    """Size of the experiment.

    Attributes:
        classifiers: Classifier instances, each of which is fooled by GANs of its own; 10 in the
            paper.
        gans: GANs that the classifiers are trained on; 15 in the paper's example.
        fooling_gans: GANs for each classifier (not fixed by the paper).
        phi: Weight of the classifier in the loss; 0.001 in the paper, and larger in the quick and
            reduced presets, whose GANs see too few images for 0.001 to move them.
        architecture: Architecture of the classifiers; mobilenet_v2 in the paper.
    """

    classifiers: int = 10
    gans: int = 15
    fooling_gans: int = 1
    phi: float = 0.001
    architecture: str = "mobilenet_v2"

    def __post_init__(self):
        check_at_least(self, classifiers=2, gans=1, fooling_gans=1, phi=0)
        check_choices(self, architecture=ARCHITECTURES)


class MutualFooling(Experiment):
    """The matrix of classifiers against GANs that fool one of them, and its clusters."""

    name = "mutual_fooling"
    title = "Mutual fooling of classifier instances of one architecture"
    question = "Does a GAN that fools one classifier instance fool the others?"
    paper_claim = (
        "StyleGAN2, MobileNetV2: classifier instances form mutually fooling clusters, inside of "
        "which they share artefacts. In the matrix of ten instances, #0 to #5 and #6 to #9 are set "
        "apart."
    )
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "stylegan2": {
            "quick": MutualFoolingConfig(classifiers=3, gans=1, phi=1.0),
            "reduced": MutualFoolingConfig(classifiers=5, gans=2, phi=0.1),
            "paper": MutualFoolingConfig(),
        }
    }

    @cached_property
    def gans(self) -> tuple[GAN, ...]:
        """The GANs that the classifiers are trained on."""
        return make_gans(self.setting, self.seed, 0, self.config.gans)

    @cached_property
    def classifiers(self) -> tuple[Classifier, ...]:
        """The classifier instances."""
        count, architecture = self.config.classifiers, self.config.architecture
        return make_classifiers(self.seed, 0, count, self.gans, architecture)

    @cached_property
    def fooling(self) -> tuple[tuple[GAN, ...], ...]:
        """The GANs that fool each classifier, and it alone; the same seeds for each."""
        each = seeds(self.seed, 1, self.config.fooling_gans)
        return tuple(
            tuple(GAN(seed, [classifier], self.config.phi, family=self.setting) for seed in each)
            for classifier in self.classifiers
        )

    @property
    def held_out_classifiers(self) -> list[Classifier]:
        """None: every classifier here is in the loss of some GAN."""
        return []

    @property
    def specs(self) -> list[Spec]:
        """All GANs and classifiers."""
        return [*self.classifiers, *(gan for gans in self.fooling for gan in gans)]

    def findings(self, lab: Lab) -> Findings:
        """The matrix, as it is and in the order of its clusters."""
        matrix = self._matrix(lab)
        rates = np.array([[cell.mean for cell in line] for line in matrix.cells])
        clusters = find_clusters(rates)
        ordered = _in_order(matrix, clusters)
        paper = find_clusters(paper_rates())
        groups = {"no classifier": self.gans}
        groups |= {f"#{number}": gans for number, gans in enumerate(self.fooling)}
        return Findings(
            summary=_summarize(rates, clusters),
            instances={
                "architecture": self.config.architecture,
                "GANs": f"{self.config.gans} trained on, {self.config.fooling_gans} for each "
                "classifier that is fooled",
                "phi": f"{self.config.phi:g}",
            },
            tables=(
                matrix,
                ordered,
                _paper_table(),
                quality_table(lab, groups),
                classifier_table(
                    lab,
                    [
                        (f"#{number}, on GANs that fool others", [classifier], self._others(number))
                        for number, classifier in enumerate(self.classifiers)
                    ],
                ),
                gan_table(
                    lab,
                    [
                        (f"fools #{number}, by all", gan, self.classifiers)
                        for number, gans in enumerate(self.fooling)
                        for gan in gans
                    ],
                ),
            ),
            figures=(
                detection_map(ordered),
                Figure(
                    "mutual_fooling_paper",
                    f"The paper's matrix: {_PAPER_SCOPE}, in its own order.",
                    lambda path: heat_map(_paper_table(), path),
                ),
            ),
            grids=tuple(
                sample_grid(lab, gans[0], f"samples-{number}", f"A GAN that fools #{number}")
                for number, gans in enumerate(self.fooling)
            ),
            notes=(
                "Clusters: average linkage of 1 - (mutual fooling), cut where the silhouette "
                f"is largest. The same method finds in the paper's matrix {paper.text}, whose "
                "slide sets #0 to #5 and #6 to #9 apart.",
                "All classifiers are trained on the same GANs, with other seeds. The number of "
                "instances on which the paper's cells rest is not given.",
            ),
        )

    def _others(self, number: int) -> list[GAN]:
        return [gan for k, gans in enumerate(self.fooling) if k != number for gan in gans]

    def _matrix(self, lab: Lab) -> Table:
        for gan in (gan for gans in self.fooling for gan in gans):
            measure.score(lab, self.classifiers, gan)
        names = tuple(f"#{number}" for number in range(len(self.classifiers)))
        return Table(
            name="mutual_fooling",
            title="Fraction of generated images detected",
            caption="Row: a classifier; column: GANs that were trained to fool that classifier and "
            "no other.",
            row_label="Classifier",
            column_label="GANs trained to fool",
            rows=names,
            columns=names,
            cells=[
                [detection(lab, [classifier], gans) for gans in self.fooling]
                for classifier in self.classifiers
            ],
            instances="GANs",
        )


def _in_order(matrix: Table, clusters: Clusters) -> Table:
    order = clusters.order
    names = tuple(matrix.rows[k] for k in order)
    return dataclasses.replace(
        matrix,
        name="mutual_fooling_clusters",
        title="Fraction of generated images detected, in the order of the clusters",
        caption=f"{matrix.caption} Clusters: {clusters.text}.",
        rows=names,
        columns=names,
        cells=tuple(tuple(matrix.cells[i][j] for j in order) for i in order),
    )


def _paper_table() -> Table:
    """The paper's matrix as a table of its own: its instances are others than ours."""
    names = tuple(f"#{number}" for number in range(len(PAPER)))
    return Table(
        name="mutual_fooling_paper",
        title=f"The paper's matrix ({_PAPER_SCOPE})",
        caption="As printed on the slide; one digit is lost.",
        row_label="Classifier",
        column_label="GANs trained to fool",
        rows=names,
        columns=names,
        cells=[[float(text) if "?" not in text else text for text in line] for line in PAPER],
    )


def _summarize(rates: np.ndarray, clusters: Clusters) -> str:
    own = float(np.mean(np.diag(rates)))
    others = float(np.mean(rates[~np.eye(len(rates), dtype=bool)]))
    inside, outside = (Measurement(tuple(each)) for each in clusters.inside_and_outside(rates))
    text = (
        f"A classifier detects {own:.0%} of the images of GANs that were trained to fool it and "
        f"{others:.0%} of those trained to fool another. Clusters: {clusters.text}"
    )
    if not (inside.count and outside.count):
        return text + "."
    return (
        f"{text}; of the images of GANs that fool another classifier of its cluster it detects "
        f"{inside.mean:.0%}, of another cluster {outside.mean:.0%}."
    )


if __name__ == "__main__":
    main(MutualFooling)
