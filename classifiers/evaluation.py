"""The metrics of a detector, as tables and curves."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from gan_knowledge_gaps.classifiers.baseline import Baseline
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.patches import perturbed
from gan_knowledge_gaps.classifiers.perturbations import PERTURBATIONS
from gan_knowledge_gaps.data import Images
from gan_knowledge_gaps.metrics import detection_metrics, detection_rate, intervals
from gan_knowledge_gaps.metrics.calibration import reliability
from gan_knowledge_gaps.metrics.detection import detection_rate_at
from gan_knowledge_gaps.metrics.prior import BALANCED, prior_shift, prior_weights
from gan_knowledge_gaps.report import Figure, Measurement, Table, error_curve
from gan_knowledge_gaps.report.table import interval_columns
from gan_knowledge_gaps.training.progress import Progress

ALL = "all generators"


@dataclasses.dataclass(frozen=True)
class Statistic:
    """A metric, and its 95 % interval; both of (generated logits, natural logits)."""

    value: Callable[[np.ndarray, np.ndarray], float]
    interval: Callable[[np.ndarray, np.ndarray], intervals.Interval]


def statistics(prior: float = BALANCED) -> dict[str, Statistic]:
    """All metrics by name, where a share `prior` of the images is generated."""
    return {
        "accuracy": Statistic(
            lambda g, n: (detection_rate(g) + 1 - detection_rate(n)) / 2,
            intervals.accuracy_interval,
        ),
        "detection rate": Statistic(lambda g, n: detection_rate(g), intervals.rate_interval),
        "AP": Statistic(
            lambda g, n: detection_metrics(g, n, prior).average_precision,
            lambda g, n: intervals.average_precision_interval(g, n, prior=prior),
        ),
        "AUC": Statistic(lambda g, n: detection_metrics(g, n).roc_auc, intervals.roc_auc_interval),
        "detection rate at 1 % FPR": _rate_at(0.01),
        "detection rate at 5 % FPR": _rate_at(0.05),
    }


def _rate_at(false_positive_rate: float) -> Statistic:
    return Statistic(
        lambda g, n: detection_rate_at(false_positive_rate, g, n),
        lambda g, n: intervals.rate_at_interval(false_positive_rate, g, n),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Scores:
    """Logits of a detector.

    Attributes:
        natural: [N].
        generated: [M] of each generator, by its name.
    """

    natural: np.ndarray
    generated: Mapping[str, np.ndarray]

    @property
    def together(self) -> np.ndarray:
        """Logits of all generated images."""
        return np.concatenate(list(self.generated.values()))

    @property
    def counts(self) -> str:
        """How many images they are of, in words."""
        return f"{len(self.natural):,} natural and {len(self.together):,} generated images"

    def groups(self) -> dict[str, np.ndarray]:
        """Logits by generator, and of all where there are several."""
        several = {ALL: self.together} if len(self.generated) > 1 else {}
        return {**self.generated, **several}


def score(detector: Detector, natural: Images, generated: Mapping[str, Images]) -> Scores:
    """The detector's logits of all images."""
    return Scores(
        detector.logits(natural),
        {name: detector.logits(images) for name, images in generated.items()},
    )


def detection_table(scores: Scores, prior: float = BALANCED) -> Table:
    """All metrics of every generator."""
    groups, columns = scores.groups(), statistics(prior)
    return Table(
        name="detection",
        title="Generated against natural images",
        caption="Accuracy is the mean of the detection rate and the share of natural images called "
        "natural, at the threshold of 0.5. Detection rate at x % FPR (false positive rate): at the "
        "lowest threshold at which at most x % of the natural images are called generated. AP: "
        f"images are weighted so that {prior:.3g} of them are generated, however many there are.",
        row_label="Generator",
        column_label="Metric",
        rows=list(groups),
        columns=list(columns),
        cells=[
            [each.value(logits, scores.natural) for each in columns.values()]
            for logits in groups.values()
        ],
        digits=3,
    )


def interval_table(scores: Scores, prior: float = BALANCED) -> Table:
    """Intervals of the same metrics."""
    groups, columns = scores.groups(), statistics(prior)
    return Table(
        name="intervals",
        title="95 % intervals",
        caption="Wilson's for rates; for AUC and AP with DeLong's variance and its like. They tell "
        "the spread over images, not over trainings or generators. A rate at x % FPR begins at 0 "
        "where the natural images are too few to tell that threshold: below 368 for 1 %, below 72 "
        "for 5 %.",
        row_label="Generator",
        column_label="Metric",
        rows=list(groups),
        columns=[f"{name}, {end}" for name in columns for end in ("from", "to")],
        cells=[
            [end for each in columns.values() for end in each.interval(logits, scores.natural)]
            for logits in groups.values()
        ],
        digits=3,
    )


def baseline_table(
    scores: Scores, baseline: Baseline, natural: Images, generated: Mapping[str, Images]
) -> Table:
    """The detector beside a logistic regression that was trained on the same images."""
    others = Scores(
        baseline.logits(natural),
        {name: baseline.logits(images) for name, images in generated.items()},
    )
    column = statistics()["AUC"]
    return Table(
        name="baseline",
        title="Does the network earn its keep?",
        caption="AUC of the detector, and of a logistic regression on the radial power spectrum of "
        "the same images, encoded alike; 95 % intervals.",
        row_label="Generator",
        column_label="AUC",
        rows=list(scores.groups()),
        columns=interval_columns("detector", "baseline"),
        cells=[
            [
                number
                for each in (scores, others)
                for number in (
                    column.value(each.groups()[name], each.natural),
                    *column.interval(each.groups()[name], each.natural),
                )
            ]
            for name in scores.groups()
        ],
        digits=3,
    )


def natural_table(scores: Scores) -> Table:
    """How many natural images are called natural."""
    count, called = len(scores.natural), 1 - detection_rate(scores.natural)
    return Table(
        name="natural",
        title="Natural images",
        caption="At the threshold of 0.5, with Wilson's 95 % interval.",
        row_label="Images",
        column_label="Metric",
        rows=["natural"],
        columns=["images", "called natural", "from", "to"],
        cells=[[count, called, *intervals.wilson(called, count)]],
        digits=3,
    )


def calibration(
    detector: Detector, scores: Scores, prior: float = BALANCED
) -> tuple[Table, Figure]:
    """Whether probabilities are frequencies: with the temperature, and without.

    Args:
        detector: whose temperature it is.
        scores: natural and generated images, however many of each.
        prior: share of generated images at which it is asked, above 0 and below 1: images are
            weighted to it, and probabilities corrected for it.
    """
    logits = np.concatenate([scores.natural, scores.together])
    labels = np.repeat([0, 1], [len(scores.natural), len(scores.together)])
    weights, shift = prior_weights(labels, prior), prior_shift(prior)
    curves = {
        "as trained": reliability(logits + shift, labels, weights=weights),
        "calibrated": reliability(logits / detector.temperature + shift, labels, weights=weights),
    }
    table = Table(
        name="calibration",
        title="Calibration",
        caption="Expected calibration error: the mean distance between the probability of being "
        "generated and the share of images that are, over 15 bins (Guo et al. 2017); images are "
        f"weighted so that {prior:.3g} of them are generated, and probabilities are for that. The "
        "temperature was fitted on images that are in no number here.",
        row_label="Probabilities",
        column_label="Metric",
        rows=list(curves),
        columns=["temperature", "expected calibration error"],
        cells=[
            [temperature, curve.expected_calibration_error]
            for temperature, curve in zip((1.0, detector.temperature), curves.values(), strict=True)
        ],
        digits=3,
    )
    points = {
        name: [
            (probability, Measurement((frequency,)))
            for probability, frequency in zip(curve.probability, curve.frequency, strict=True)
            if np.isfinite(probability)
        ]
        for name, curve in curves.items()
    }
    points["perfect"] = [(x, Measurement((x,))) for x in (0.0, 1.0)]

    def draw(path: Path) -> object:
        return error_curve(
            path, points, xlabel="probability of being generated",
            ylabel="share that is generated", title="Reliability", instances=False,
            footer=f"{scores.counts} in 15 bins of one width",
        )  # fmt: skip

    return table, Figure("reliability", "Probabilities against frequencies.", draw)


def robustness(
    detector: Detector,
    natural: Images,
    generated: Mapping[str, Images],
    name: str,
    strengths: Sequence[float],
) -> tuple[Table, Figure]:
    """The metrics after a perturbation of all images, natural and generated."""
    _, unit, _ = PERTURBATIONS[name]
    chosen = {each: statistics()[each] for each in ("accuracy", "detection rate", "AUC")}
    rows, cells = [], []
    with Progress(name, len(strengths), unit="strengths") as progress:
        for strength in strengths:
            change = functools.partial(
                perturbed, name=name, strength=strength, patches=detector.patches
            )
            scores = score(
                detector,
                change(natural),
                {each: change(images) for each, images in generated.items()},
            )
            values = [each.value(scores.together, scores.natural) for each in chosen.values()]
            rows.append(f"{strength:g}")
            cells.append([*values, 1 - detection_rate(scores.natural)])
            progress.advance()
    columns = [*chosen, "natural called natural"]
    table = Table(
        name=f"robustness-{name}",
        title=f"Robustness: {name}",
        caption=f"All images, natural and generated, after {name}; {unit}.",
        row_label=unit.capitalize(),
        column_label="Metric",
        rows=rows,
        columns=columns,
        cells=cells,
        digits=3,
    )
    series = {
        column: [
            (strength, Measurement((row[index],)))
            for strength, row in zip(strengths, cells, strict=True)
        ]
        for index, column in enumerate(columns)
    }

    def draw(path: Path) -> object:
        return error_curve(
            path, series, xlabel=f"{name}: {unit}", ylabel="", title=table.title, instances=False,
            footer=f"{scores.counts} at each point",
        )  # fmt: skip

    return table, Figure(table.name, table.caption, draw)
