"""How cross_generator is shown: a matrix in each metric, and a curve over the pool's size."""

from typing import TYPE_CHECKING

from gan_knowledge_gaps.experiments.clusters import APART, find_clusters
from gan_knowledge_gaps.experiments.curve import Curve, Measured, Point
from gan_knowledge_gaps.experiments.matrix import Detections, Matrix, Tables, means, own_and_others
from gan_knowledge_gaps.experiments.measurements import DETECTION_FIELDS
from gan_knowledge_gaps.experiments.population import Shown

if TYPE_CHECKING:
    from gan_knowledge_gaps.experiments.cross_generator import CrossGenerator

Unseen = dict[tuple[str, int, int], Shown]  # by architecture, n and k, as `build` counts them


def shape(experiment: "CrossGenerator") -> Matrix:
    """The matrix in each metric, its clusters, and the curve over the pool's size."""
    columns = {name: [source] for name, source in experiment.sources.items()}
    unseen, last = _unseen(experiment), len(experiment.sources) - 1
    rates, *rankings = (_detections(experiment, n, t, columns) for t, n in DETECTION_FIELDS.items())
    return Matrix(
        detections=[rates, *rankings],
        summary=_summarize,
        find_clusters=lambda rates: find_clusters(1.0 - rates),
        quality=columns,
        classifiers={
            f"{name}, all but {source.name}": shown
            for (name, n, _), shown in unseen.items()
            if n == last
            for source in shown.sources or ()
        },
        samples_of="Images of {}",
        also=[_curve(unseen, last)],
        notes=(
            "Natural and generated images that were resized, cropped or compressed otherwise "
            "are told apart by that alone.",
            "Clusters: average linkage of 1 - (mean of the rates at which either classifier "
            "detects the other's generator), cut where the silhouette is largest, and only between "
            f"clusters in which that mean is at most {1 - APART:.0%}.",
        ),
    )


def _unseen(experiment: "CrossGenerator") -> Unseen:
    """Each group of classifiers, and the generators that are not in its pool."""
    sources = experiment.sources.values()
    return {
        key: Shown(group, [source for source in sources if source not in group[0].pool])
        for key, group in experiment.classifiers.items()
    }


def _detections(experiment: "CrossGenerator", field: str, title: str, columns: dict) -> Detections:
    alone = {
        name: [
            c for a in experiment.config.each_architecture for c in experiment.classifiers[a, 1, k]
        ]
        for k, name in enumerate(experiment.sources)
    }
    return Detections(
        rows=alone, columns=columns, name=field, field=field, row_label="Trained on",
        column_label="Tested on", instances="classifiers",
        title=f"{title[0].upper()}{title[1:]} of each generator by classifiers of each",
        caption="Images of a generator that trained no classifier; on the diagonal, those of "
        "the generator that the classifier was trained on.",
    )  # fmt: skip


def _curve(unseen: Unseen, last: int) -> Curve:
    curves: dict[str, dict[Point, list[Shown]]] = {}
    for (architecture, n, _), shown in unseen.items():
        curves.setdefault(architecture, {}).setdefault(n, []).append(shown)
    return Curve(
        name="unseen",
        title="Detection of unseen generators against the number in the pool",
        caption="Fraction of images detected of generators that are not in the classifier's "
        f"pool. At {last} all but one are in it (leave-one-out).",
        row_label="Classifier",
        axis="generators in the pool",
        instances="classifier-generator pairs",
        columns={n: str(n) for n in range(1, last + 1)},
        curves=curves,
        summary=lambda measured: _summarize_curve(measured, last),
    )


def _summarize(tables: Tables) -> str:
    rates = means(tables[0])
    own, others = own_and_others(rates)
    groups = find_clusters(1.0 - rates).named(tables[0].rows)
    return (
        f"Classifiers of one generator detect {own:.0%} of its images and {others:.0%} of those of "
        f"the other generators. Groups that share artefacts: {groups}."
    )


def _summarize_curve(measured: Measured, last: int) -> str:
    rates = ", ".join(f"{name} {each[last].mean:.0%}" for name, each in measured.items())
    return f"Trained on all generators but one, classifiers detect of that one: {rates}."
