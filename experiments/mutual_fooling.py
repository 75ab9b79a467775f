"""Mutual fooling: which classifier instances are fooled by a GAN that was trained to fool another.

StyleGAN2, MobileNetV2: classifier instances form mutually fooling clusters, inside of which they
share artefacts. In the matrix of ten instances, #0 to #5 and #6 to #9 are set apart.

    python -m experiments.mutual_fooling --preset=paper --dataset=records --data_dir=ffhq256
"""

import dataclasses
from typing import ClassVar

import numpy as np

from experiments.clusters import find_clusters
from experiments.experiment import Experiment
from experiments.matrix import Detections, Matrix, PaperMatrix, Tables, means
from experiments.measurements import detection_map
from experiments.population import Shown, make_classifiers, make_gans
from experiments.running import main
from experiments.sizes import Architecture, FoolingGANs, Phi
from lab.specs import GAN

_LINES = (
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
# One digit, 0.9?, is lost in the only copy of it.
PAPER = PaperMatrix(
    [f"#{k}" for k in range(10)], _LINES, "ten MobileNetV2 instances, StyleGAN2 on FFHQ"
)
_LABELS = {"row_label": "Classifier", "column_label": "GANs trained to fool"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class MutualFoolingConfig(FoolingGANs, Phi, Architecture):
    """Size of the experiment.

    Attributes:
        classifiers: Classifiers, each of which is fooled by GANs of its own; 10 in the paper.
        gans: GANs that the classifiers are trained on; 15 in the paper's example.
        fooling_gans: GANs for each classifier (not fixed by the paper).
        architecture: Architecture of the classifiers; mobilenet_v2 in the paper.
    """

    least: ClassVar = {"classifiers": 2}
    called: ClassVar = {"fooling_gans": "GANs for each classifier"}
    classifiers: int = 10
    gans: int = 15
    fooling_gans: int = 1
    architecture: str = "mobilenet_v2"


class MutualFooling(Experiment):
    """The matrix of classifiers against GANs that fool one of them, and its clusters."""

    name = "mutual_fooling"
    title = "Mutual fooling of classifier instances of one architecture"
    question = "Does a GAN that fools one classifier instance fool the others?"
    presets: ClassVar = {
        "stylegan2": {
            "quick": MutualFoolingConfig(classifiers=3, gans=1, phi=1.0),
            "reduced": MutualFoolingConfig(classifiers=5, gans=2, phi=0.1),
            "paper": MutualFoolingConfig(),
        }
    }

    def build(self) -> None:
        """Classifiers of the same GANs, and GANs that fool one of them; the same seeds for each."""
        size = self.config
        self.gans = make_gans(self.setting, self.seed, 0, size.gans)
        count, architecture = size.classifiers, size.architecture
        self.classifiers = make_classifiers(self.seed, 0, count, self.gans, architecture)
        self.fooling: dict[str, tuple[GAN, ...]] = {
            f"#{k}": make_gans(
                self.setting, self.seed, 1, size.fooling_gans, fools=[each], phi=size.phi
            )
            for k, each in enumerate(self.classifiers)
        }
        self.specs = [*self.classifiers, *(gan for gans in self.fooling.values() for gan in gans)]
        self.held_out_classifiers = []  # every one is in the loss of some GAN

    def shape(self) -> Matrix:
        """Every classifier on the GANs that fool each; then in the order of the clusters."""
        rows = {name: [c] for name, c in zip(self.fooling, self.classifiers, strict=True)}
        paper = PAPER.table(
            name="mutual_fooling_paper",
            title=f"The paper's matrix ({PAPER.scope})",
            caption="As printed on the slide, in its own order; one digit is lost.",
            **_LABELS,
        )
        return Matrix(
            detections=[
                Detections(
                    rows=rows,
                    columns=self.fooling,
                    name=self.name,
                    title="Fraction of generated images detected",
                    caption="Row: a classifier; column: GANs that were trained to fool that "
                    "classifier and no other.",
                    instances="GANs",
                    **_LABELS,
                )
            ],
            find_clusters=find_clusters,
            summary=_summarize,
            quality={"no classifier": self.gans, **self.fooling},
            classifiers={
                f"{name}, on GANs that fool others": Shown(row, self._others(name))
                for name, row in rows.items()
            },
            sources={
                f"fools {name}, by all": Shown(self.classifiers, gans)
                for name, gans in self.fooling.items()
            },
            samples_of="A GAN that fools {}",
            more_tables=[lambda lab: paper],
            more_figures=[detection_map(paper)],
            notes=(
                "Clusters: average linkage of 1 - (mutual fooling), cut where the silhouette is "
                f"largest. In the paper's matrix it finds {find_clusters(PAPER.means()).text}; the "
                "slide sets #0 to #5 and #6 to #9 apart.",
                "All classifiers are trained on the same GANs, with other seeds. The number of "
                "instances on which the paper's cells rest is not given.",
            ),
        )

    def _others(self, name: str) -> list[GAN]:
        return [gan for fooled, gans in self.fooling.items() if fooled != name for gan in gans]


def _summarize(tables: Tables) -> str:
    rates = means(tables[0])
    clusters = find_clusters(rates)
    own = float(np.mean(np.diag(rates)))
    others = float(np.mean(rates[~np.eye(len(rates), dtype=bool)]))
    inside, outside = clusters.inside_and_outside(rates)
    text = (
        f"A classifier detects {own:.0%} of the images of GANs that were trained to fool it and "
        f"{others:.0%} of those trained to fool another. Clusters: {clusters.text}"
    )
    if not (inside and outside):
        return text + "."
    return (
        f"{text}; of the images of GANs that fool another classifier of its cluster it detects "
        f"{np.mean(inside):.0%}, of another cluster {np.mean(outside):.0%}."
    )


if __name__ == "__main__":
    main(MutualFooling)
