"""The metrics of a detector, as tables and curves."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from classifiers.detector import Detector
from classifiers.perturbations import PERTURBATIONS, Perturbed
from data import Images
from metrics import detection_metrics, detection_rate
from metrics.calibration import reliability
from metrics.detection import detection_rate_at, interval
from report import Figure, Measurement, Table, error_curve
from training.progress import Progress

Statistic = Callable[[np.ndarray, np.ndarray], float]

# Of (generated logits, natural logits).
STATISTICS: dict[str, Statistic] = {
    "accuracy": lambda g, n: (detection_rate(g) + 1 - detection_rate(n)) / 2,
    "detection rate": lambda g, n: detection_rate(g),
    "AP": lambda g, n: detection_metrics(g, n).average_precision,
    "AUC": lambda g, n: detection_metrics(g, n).roc_auc,
    "detection rate at 1 % FPR": lambda g, n: detection_rate_at(0.01, g, n),
    "detection rate at 5 % FPR": lambda g, n: detection_rate_at(0.05, g, n),
}
ALL = "all generators"


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


def detection_table(scores: Scores) -> Table:
    """All metrics of every generator."""
    groups = scores.groups()
    return Table(
        name="detection",
        title="Generated against natural images",
        caption="Accuracy is the mean of the detection rate and the share of natural images called "
        "natural, at the threshold of 0.5. Detection rate at x % FPR (false positive rate): at the "
        "lowest threshold at which at most x % of the natural images are called generated.",
        row_label="Generator",
        column_label="Metric",
        rows=list(groups),
        columns=list(STATISTICS),
        cells=[
            [f(logits, scores.natural) for f in STATISTICS.values()] for logits in groups.values()
        ],
        digits=3,
    )


def interval_table(scores: Scores, resamples: int) -> Table:
    """Bootstrap intervals of the same metrics."""
    groups = scores.groups()
    cells = []
    with Progress("intervals", len(groups) * len(STATISTICS), unit="metrics") as progress:
        for logits in groups.values():
            row = []
            for statistic in STATISTICS.values():
                row += interval(statistic, logits, scores.natural, resamples=resamples)
                progress.advance()
            cells.append(row)
    return Table(
        name="intervals",
        title="95 % intervals",
        caption=f"Bootstrap percentiles, {resamples:,} draws of the images of each kind. They tell "
        "the spread over images, not over trainings or generators.",
        row_label="Generator",
        column_label="Metric",
        rows=list(groups),
        columns=[f"{name}, {end}" for name in STATISTICS for end in ("from", "to")],
        cells=cells,
        digits=3,
    )


def natural_table(scores: Scores) -> Table:
    """How many natural images are called natural."""
    return Table(
        name="natural",
        title="Natural images",
        caption="At the threshold of 0.5.",
        row_label="Images",
        column_label="Metric",
        rows=["natural"],
        columns=["images", "called natural"],
        cells=[[len(scores.natural), 1 - detection_rate(scores.natural)]],
        digits=3,
    )


def calibration(detector: Detector, scores: Scores) -> tuple[Table, Figure]:
    """Whether probabilities are frequencies: with the temperature, and without."""
    logits = np.concatenate([scores.natural, scores.together])
    labels = np.repeat([0, 1], [len(scores.natural), len(scores.together)])
    curves = {
        "as trained": reliability(logits, labels),
        "calibrated": reliability(logits / detector.temperature, labels),
    }
    table = Table(
        name="calibration",
        title="Calibration",
        caption="Expected calibration error: the mean distance between the probability of being "
        "generated and the share of images that are, over 15 bins (Guo et al. 2017). The "
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
            ylabel="share that is generated", title="Reliability",
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
    chosen = ("accuracy", "detection rate", "AUC")
    rows, cells = [], []
    with Progress(name, len(strengths), unit="strengths") as progress:
        for strength in strengths:
            scores = score(
                detector,
                Perturbed(natural, name, strength),
                {each: Perturbed(images, name, strength) for each, images in generated.items()},
            )
            values = [STATISTICS[each](scores.together, scores.natural) for each in chosen]
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
        return error_curve(path, series, xlabel=f"{name}: {unit}", ylabel="", title=table.title)

    return table, Figure(table.name, table.caption, draw)
