"""Measurements over instances, and the tables that several experiments share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gan_knowledge_gaps.data import Images, image_grid
from gan_knowledge_gaps.experiments.population import Shown
from gan_knowledge_gaps.lab import measure
from gan_knowledge_gaps.lab.quality import FID, DigitMetric
from gan_knowledge_gaps.lab.specs import Classifier, ImageSource
from gan_knowledge_gaps.metrics import detection_rate
from gan_knowledge_gaps.report import Figure, Grid, Measurement, Table, heat_map

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab

SAMPLES = 40
LEAST_SIDE = 28  # smaller images are shown enlarged
CONFIDENCE = "Confidence (digit classifier)"
RATE, AUC, RATE_AT_5 = "detection_rate", "roc_auc", "detection_rate_at_5_fpr"
# Column titles, and the fields of `metrics.DetectionMetrics` that are measured on pairs.
DETECTION_FIELDS = {
    "detection rate": RATE,
    "AP": "average_precision",
    "AUC": AUC,
    "detection rate at 5 % FPR": RATE_AT_5,
}


def score(lab: Lab, shown: Iterable[Shown]) -> None:
    """Scores all pairs; each source's images are made once, for all classifiers that see them."""
    classifiers: dict[ImageSource, list[Classifier]] = {}
    for classifier, source in dict.fromkeys(pair for each in shown for pair in each.pairs()):
        classifiers.setdefault(source, []).append(classifier)
    for source, each in classifiers.items():
        measure.score(lab, each, source)


def detection(lab: Lab, shown: Shown, field: str = RATE) -> Measurement:
    """A field of `metrics.DetectionMetrics` of every pair."""
    return Measurement(
        tuple(getattr(measure.detection(lab, *pair), field) for pair in shown.pairs())
    )


def natural_accuracy(lab: Lab, classifiers: Iterable[Classifier]) -> Measurement:
    """Fraction of natural evaluation images called natural, of every classifier."""
    return Measurement(
        tuple(1.0 - detection_rate(measure.natural_logits(lab, c)) for c in classifiers)
    )


def accuracy(lab: Lab, shown: Iterable[Shown]) -> Measurement:
    """Of every pair, the fraction of images called what they are: generated, or natural."""
    parts = (
        natural_accuracy(lab, each.classifiers) if each.sources is None else detection(lab, each)
        for each in shown
    )
    return Measurement(tuple(value for part in parts for value in part.values))


def frechet(lab: Lab, sources: Iterable[ImageSource]) -> Measurement:
    """Fréchet distance over the features of the lab's quality metric, of every source."""
    return Measurement(tuple(measure.frechet(lab, source) for source in sources))


def confidence(lab: Lab, sources: Iterable[ImageSource]) -> Measurement:
    """Mean largest probability of a digit classifier, of every source."""
    return Measurement(tuple(measure.digit_confidence(lab, source) for source in sources))


def quality_measures(lab: Lab) -> dict[str, Callable[[Lab, Iterable[ImageSource]], Measurement]]:
    """The measures of quality by their titles: the Fréchet distance, and what else there is."""
    metric = lab.quality
    measures: dict[str, Callable[[Lab, Iterable[ImageSource]], Measurement]]
    measures = {metric.label: frechet}
    if isinstance(metric, DigitMetric):
        measures[CONFIDENCE] = confidence
    return measures


def quality_caption(lab: Lab) -> str:
    """What the measures of quality are here, and what they can be compared with."""
    metric = lab.quality
    natural = min(len(lab.dataset.train), len(lab.dataset.evaluation))
    text = (
        f"{metric.label} between {len(lab.dataset.evaluation):,} images of a source and the "
        f"natural evaluation images, over {metric.about}. Lower is better; {natural:,} natural "
        f"training images are at {measure.natural_frechet(lab):.2f}."
    )
    if metric.label != FID:
        text += " It is not an FID and cannot be compared with one."
    if isinstance(metric, DigitMetric):
        text += (
            f" The digit classifier's accuracy is {measure.digit_accuracy(lab):.3f}; confidence "
            "is its mean largest probability, "
            f"{measure.digit_confidence(lab, None):.3f} on natural images."
        )
    return text


def quality_table(
    lab: Lab,
    groups: Mapping[str, Sequence[ImageSource]],
    paper: Mapping[str, str],
    paper_scope: str = "",
) -> Table:
    """The measures of quality, a column for each group of sources.

    Args:
        lab: where they are trained.
        groups: sources by what they are called.
        paper: the paper's FIDs by group; those of other groups are left out.
        paper_scope: what these were measured on.
    """
    measures = quality_measures(lab)
    rows: dict[str, list[Measurement | None]] = {
        name: [measure(lab, each) for each in groups.values()] for name, measure in measures.items()
    }
    numbers = {(FID, name): text for name, text in paper.items()}
    beside = papers(numbers, [FID], groups, paper_scope)
    if beside:
        # Where ours is another quantity, the paper's has a row of its own.
        rows.setdefault(FID, [None] * len(groups))
    return Table(
        name="quality",
        title="Quality of the GANs",
        caption=quality_caption(lab),
        row_label="Measure",
        column_label="GANs",
        rows=tuple(rows),
        columns=tuple(groups),
        cells=list(rows.values()),
        instances="GANs",
        **beside,
    )


def papers(
    numbers: Mapping[tuple[str, str], str], rows: Iterable[str], columns: Iterable[str], scope: str
) -> dict[str, Any]:
    """The paper's numbers of those rows and columns that a table has, as arguments of `Table`."""
    cells = {(row, column) for row in rows for column in columns}
    known = {cell: text for cell, text in numbers.items() if cell in cells}
    return {"paper": known, "paper_scope": scope} if known else {}


def classifier_table(lab: Lab, rows: Mapping[str, Shown]) -> Table:
    """Every detection metric, a row for each group of classifiers and what it is shown."""
    cells = []
    for shown in rows.values():
        rate, *ranking = _detection_cells(lab, shown)
        cells.append((rate, natural_accuracy(lab, shown.classifiers), *ranking))
    first, *others = DETECTION_FIELDS
    return Table(
        name="classifiers",
        title="Classifiers on GANs they were not trained on",
        caption="Detection rate: generated images called generated. Natural accuracy: natural "
        "evaluation images called natural. AP and AUC: generated against natural images. Detection "
        "rate at 5 % FPR: at the threshold above which there are 5 % of the natural images.",
        row_label="Classifier",
        column_label="Metric",
        rows=tuple(rows),
        columns=(first, "natural accuracy", *others),
        cells=cells,
        instances="classifier-GAN pairs; classifiers for natural accuracy",
    )


def source_table(
    lab: Lab, groups: Mapping[str, Shown], name: Callable[[ImageSource], str]
) -> Table:
    """Each source by itself: a row for each source of each group.

    Args:
        lab: where all are trained.
        groups: classifiers and the sources they are shown, by what they are called.
        name: tells the sources of one group apart.
    """
    rows = {
        f"{label}, {name(source)}": Shown(classifiers, [source])
        for label, (classifiers, sources) in groups.items()
        for source in sources or ()
    }
    measures = quality_measures(lab)
    return Table(
        name="gans",
        title="Every GAN by itself",
        caption="Detection by held-out classifiers that were not trained on the GAN, and the "
        "measures of its images' quality.",
        row_label="GAN",
        column_label="Metric",
        rows=tuple(rows),
        columns=(*DETECTION_FIELDS, *measures),
        cells=[
            (
                *_detection_cells(lab, shown),
                *(measure(lab, shown.sources or ()) for measure in measures.values()),
            )
            for shown in rows.values()
        ],
        instances="classifiers; one GAN for its quality",
    )


def _detection_cells(lab: Lab, shown: Shown) -> list[Measurement]:
    return [detection(lab, shown, field) for field in DETECTION_FIELDS.values()]


def loss_table(lab: Lab, axis: str, columns: Mapping[str, Sequence[ImageSource]]) -> Table:
    """The two terms of the generator's loss at the end of the training, along an axis."""
    terms = {"adversarial term": "generator_loss", "fooling term": "fooling_loss"}
    return Table(
        name="losses",
        title=f"The generator's loss against {axis}",
        caption="The loss is the adversarial term -log D plus the fooling term -phi sum log C; "
        "means over the last steps of the training.",
        row_label="Term",
        column_label=axis,
        rows=tuple(terms),
        columns=tuple(columns),
        cells=[
            [
                Measurement(tuple(measure.last_metrics(lab, gan)[key] for gan in gans))
                for gans in columns.values()
            ]
            for key in terms.values()
        ],
        instances="GANs",
    )


def detection_map(table: Table) -> Figure:
    """The heat map of a table of detection rates, beside the paper's where it has one."""
    return Figure(table.name, f"{table.title}. {table.caption}", lambda path: heat_map(table, path))


def sample_grid(lab: Lab, source: ImageSource, name: str, title: str) -> Grid:
    """The first evaluation images of one source."""
    whose = f"{source!r}, artifact {lab.key(source)}"
    return _grid(lab.evaluation_images(source), name, title, whose)


def natural_grid(lab: Lab) -> Grid:
    """The first natural evaluation images."""
    return _grid(lab.dataset.evaluation, "samples-natural", "Natural images", lab.dataset.name)


def _grid(images: Images, name: str, title: str, whose: str) -> Grid:
    shown = images.read(np.arange(min(SAMPLES, len(images))))
    scale = -(-LEAST_SIDE // shown.shape[1])  # rounded up
    caption = f"{whose}: the first {len(shown)} evaluation images, unselected"
    grid = image_grid(shown, columns=10, scale=scale, background=90)
    return Grid(name, title, caption, grid)
