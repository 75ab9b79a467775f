"""How mutual_fooling is shown: the matrix, its clusters, and the paper's matrix."""

from typing import TYPE_CHECKING

import numpy as np

from gan_knowledge_gaps.experiments.clusters import APART, find_clusters
from gan_knowledge_gaps.experiments.matrix import (
    Detections,
    Matrix,
    PaperMatrix,
    Tables,
    means,
    own_and_others,
)
from gan_knowledge_gaps.experiments.measurements import detection_map
from gan_knowledge_gaps.experiments.population import Shown
from gan_knowledge_gaps.experiments.shown.fooling import WHO_FOOLS_WHOM
from gan_knowledge_gaps.lab.specs import GAN

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.mutual_fooling import MutualFooling

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


def shape(experiment: "MutualFooling") -> Matrix:
    """Every classifier on the GANs that fool each; then in the order of the clusters."""
    rows = {name: [c] for name, c in zip(experiment.fooling, experiment.classifiers, strict=True)}
    paper = PAPER.table(
        name="mutual_fooling_paper",
        title=f"The paper's matrix ({PAPER.scope})",
        caption="As printed on the slide, in its own order; one digit is lost.",
        **WHO_FOOLS_WHOM,
    )
    return Matrix(
        detections=[
            Detections(
                rows=rows,
                columns=experiment.fooling,
                name=experiment.name,
                title="Fraction of generated images detected",
                caption="Row: a classifier; column: GANs that were trained to fool that "
                "classifier and no other.",
                instances="GANs",
                **WHO_FOOLS_WHOM,
            )
        ],
        find_clusters=find_clusters,
        summary=_summarize,
        quality={"no classifier": experiment.gans, **experiment.fooling},
        classifiers={
            f"{name}, on GANs that fool others": Shown(row, _others(experiment, name))
            for name, row in rows.items()
        },
        sources={
            f"fools {name}, by all": Shown(experiment.classifiers, gans)
            for name, gans in experiment.fooling.items()
        },
        samples_of="A GAN that fools {}",
        more_tables=[lambda lab: paper],
        more_figures=[detection_map(paper)],
        notes=(
            "Clusters: average linkage of 1 - (mutual fooling), cut where the silhouette is "
            f"largest, and only between clusters that detect {APART:.0%} of the images of GANs "
            "that fool the other, or more. In the paper's matrix it finds "
            f"{find_clusters(PAPER.means()).text}; the slide sets #0 to #5 and #6 to #9 apart.",
            "All classifiers are trained on the same GANs, with other seeds. The number of "
            "instances on which the paper's cells rest is not given.",
        ),
    )


def _others(experiment: "MutualFooling", name: str) -> list[GAN]:
    return [gan for fooled, gans in experiment.fooling.items() if fooled != name for gan in gans]


def _summarize(tables: Tables) -> str:
    rates = means(tables[0])
    clusters = find_clusters(rates)
    own, others = own_and_others(rates)
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
