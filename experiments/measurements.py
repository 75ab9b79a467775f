"""Measurements over instances, and the tables that several experiments share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from data import Images, image_grid
from lab import measure
from lab.lab import Lab
from lab.quality import FID, DigitMetric
from lab.specs import Classifier, ImageSource
from metrics import detection_rate
from report import Figure, Grid, Measurement, Table, heat_map

SAMPLES = 40
LEAST_SIDE = 28  # smaller images are shown enlarged
CONFIDENCE = "Confidence (digit classifier)"
# Column titles, and the fields of `metrics.DetectionMetrics` that are measured on pairs.
DETECTION_FIELDS = {"detection rate": "detection_rate", "AP": "average_precision", "AUC": "roc_auc"}


def detection(
    lab: Lab,
    classifiers: Iterable[Classifier],
    gans: Iterable[ImageSource],
    field: str = "detection_rate",
) -> Measurement:
    """A detection metric of every (classifier, GAN) pair.

    Args:
        lab: where both are trained.
        classifiers: instances.
        gans: instances.
        field: which of `metrics.DetectionMetrics`.
    """
    classifiers, gans = tuple(classifiers), tuple(gans)
    for gan in gans:
        measure.score(lab, classifiers, gan)
    return Measurement(
        tuple(getattr(measure.detection(lab, c, g), field) for c in classifiers for g in gans)
    )


def natural_accuracy(lab: Lab, classifiers: Iterable[Classifier]) -> Measurement:
    """Fraction of natural evaluation images called natural, of every classifier."""
    return Measurement(
        tuple(1.0 - detection_rate(measure.natural_logits(lab, c)) for c in classifiers)
    )


def frechet(lab: Lab, gans: Iterable[ImageSource]) -> Measurement:
    """Frechet distance over the judge's features, of every GAN."""
    return Measurement(tuple(measure.frechet(lab, gan) for gan in gans))


def confidence(lab: Lab, gans: Iterable[ImageSource]) -> Measurement:
    """Mean largest probability of a digit classifier, of every GAN."""
    return Measurement(tuple(measure.digit_confidence(lab, gan) for gan in gans))


def quality_measures(lab: Lab) -> dict[str, Callable[[Lab, Iterable[ImageSource]], Measurement]]:
    """The measures of quality by their titles: the frechet distance, and what else there is."""
    measures = {lab.quality.label: frechet}
    if isinstance(lab.quality, DigitMetric):
        measures[CONFIDENCE] = confidence
    return measures


def quality_caption(lab: Lab) -> str:
    """What the measures of quality are here, and what they can be compared with."""
    natural = min(len(lab.dataset.train), len(lab.dataset.evaluation))
    text = (
        f"{lab.quality.label} between {len(lab.dataset.evaluation):,} images of a GAN and the "
        f"natural evaluation images, over {lab.quality.about}. Lower is better; {natural:,} "
        f"natural training images are at {measure.natural_frechet(lab):.2f}."
    )
    if lab.quality.label != FID:
        text += " It is not an FID and cannot be compared with one."
    if isinstance(lab.quality, DigitMetric):
        text += (
            f" The digit classifier's accuracy is {measure.digit_accuracy(lab):.3f}; confidence "
            "is its mean largest probability, "
            f"{measure.digit_confidence(lab, None):.3f} on natural images."
        )
    return text


def quality_table(lab: Lab, groups: Mapping[str, Iterable[ImageSource]], **paper: Any) -> Table:
    """The measures of quality, a column for each group of GANs.

    Args:
        lab: where they are trained.
        groups: GANs by what they are called.
        paper: the paper's numbers, as arguments of `Table`.
    """
    gans = {name: tuple(each) for name, each in groups.items()}
    measures = quality_measures(lab)
    return Table(
        name="quality",
        title="Quality of the GANs",
        caption=quality_caption(lab),
        row_label="Measure",
        column_label="GANs",
        rows=tuple(measures),
        columns=tuple(gans),
        cells=[[measure(lab, each) for each in gans.values()] for measure in measures.values()],
        instances="GANs",
        **paper,
    )


def classifier_table(
    lab: Lab, rows: Sequence[tuple[str, Sequence[Classifier], Sequence[ImageSource]]]
) -> Table:
    """Every detection metric of classifiers on GANs, a row for each (label, classifiers, GANs)."""
    cells = []
    for _, classifiers, gans in rows:
        rate, *ranking = _detection_cells(lab, classifiers, gans)
        cells.append((rate, natural_accuracy(lab, classifiers), *ranking))
    rate, *ranking = DETECTION_FIELDS
    return Table(
        name="classifiers",
        title="Classifiers on GANs they were not trained on",
        caption="Detection rate: generated images called generated. Natural accuracy: natural "
        "evaluation images called natural. AP and AUC: generated against natural images.",
        row_label="Classifier",
        column_label="Metric",
        rows=tuple(label for label, _, _ in rows),
        columns=(rate, "natural accuracy", *ranking),
        cells=cells,
        instances="classifier-GAN pairs; classifiers for natural accuracy",
    )


def gan_table(lab: Lab, rows: Sequence[tuple[str, ImageSource, Sequence[Classifier]]]) -> Table:
    """Each GAN by itself: a row for each (label, GAN, classifiers it is shown to)."""
    cells = tuple(
        (
            *_detection_cells(lab, who, [gan]),
            *(measure(lab, [gan]) for measure in quality_measures(lab).values()),
        )
        for _, gan, who in rows
    )
    return Table(
        name="gans",
        title="Every GAN by itself",
        caption="Detection by held-out classifiers that were not trained on the GAN, and the "
        "measures of its images' quality.",
        row_label="GAN",
        column_label="Metric",
        rows=tuple(f"{label}, seed {gan.gan.seed}" for label, gan, _ in rows),
        columns=(*DETECTION_FIELDS, *quality_measures(lab)),
        cells=cells,
        instances="classifiers; one GAN for its quality",
    )


def _detection_cells(
    lab: Lab, classifiers: Iterable[Classifier], gans: Iterable[ImageSource]
) -> list[Measurement]:
    return [detection(lab, classifiers, gans, field) for field in DETECTION_FIELDS.values()]


def detection_map(table: Table) -> Figure:
    """The heat map of a table of detection rates, beside the paper's where it has one."""
    return Figure(table.name, f"{table.title}. {table.caption}", lambda path: heat_map(table, path))


def sample_grid(lab: Lab, gan: ImageSource, name: str, title: str) -> Grid:
    """The first evaluation images of one GAN."""
    whose = f"{gan!r}, artifact {lab.key(gan)}"
    return _grid(lab.evaluation_images(gan), name, title, whose)


def natural_grid(lab: Lab) -> Grid:
    """The first natural evaluation images."""
    return _grid(lab.dataset.evaluation, "samples-natural", "Natural images", lab.dataset.name)


def _grid(images: Images, name: str, title: str, whose: str) -> Grid:
    shown = images.read(np.arange(min(SAMPLES, len(images))))
    factor = max(1, LEAST_SIDE // shown.shape[1])
    shown = shown.repeat(factor, axis=1).repeat(factor, axis=2)
    caption = f"{whose}: the first {len(shown)} evaluation images, unselected"
    return Grid(name, title, caption, image_grid(shown, columns=10, background=90))
