"""What extending a detector has changed, generator by generator, as a report."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gan_knowledge_gaps import report
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.evaluation import Scores, score
from gan_knowledge_gaps.classifiers.extending import is_known
from gan_knowledge_gaps.data import Opened
from gan_knowledge_gaps.metrics import detection_metrics
from gan_knowledge_gaps.metrics.intervals import roc_auc_interval, wilson
from gan_knowledge_gaps.report import Report, Table
from gan_knowledge_gaps.report.table import interval_columns
from gan_knowledge_gaps.training.command_line import command_line

FOLDER = "extension"  # in the run's folder


@dataclasses.dataclass(frozen=True, eq=False)
class Extension:
    """A detector before and after its extension, on images that trained neither.

    Attributes:
        before: the detector that was extended.
        after: what became of it.
        scores: the logits of both, of the same images in the same order.
        known: whether the first was trained on this generator, by its name.
    """

    before: Detector
    after: Detector
    scores: tuple[Scores, Scores]
    known: dict[str, bool]

    @property
    def _pairs(self) -> Iterator[tuple[str, Detector, Scores]]:
        return zip(("before", "after"), (self.before, self.after), self.scores, strict=True)

    def generator_table(self) -> Table:
        """AUC and detection rate of each generator, before and after."""
        groups = self.scores[0].groups()
        columns = interval_columns(
            *(f"{what} {when}" for what in ("AUC", "detected") for when, _, _ in self._pairs)
        )
        return Table(
            name="generators",
            title="Each generator before and after the extension",
            caption="Images that trained neither detector, the same for both. Detected: called "
            "generated, each detector at its own threshold: of P(generated) "
            f"{_threshold(self.before)} before and {_threshold(self.after)} after. 95 % intervals "
            "over images: of the AUC with DeLong's variance, of rates Wilson's.",
            row_label="Generator",
            column_label="Metric",
            rows=list(groups),
            columns=["known before", "images", *columns],
            cells=[[self._known(name), len(groups[name]), *self._cells(name)] for name in groups],
            digits=3,
        )

    def natural_table(self) -> Table:
        """How many natural images are called natural, before and after."""
        cells = []
        for _, detector, scores in self._pairs:
            share = 1 - _called(detector, scores.natural)
            cells.append([len(scores.natural), share, *wilson(share, len(scores.natural))])
        return Table(
            name="natural",
            title="Natural images before and after the extension",
            caption="At the same thresholds, with Wilson's 95 % interval.",
            row_label="Detector",
            column_label="Metric",
            rows=["before", "after"],
            columns=["images", "called natural", "from", "to"],
            cells=cells,
            digits=3,
        )

    def summary(self) -> str:
        """What a reader should know first: new generators, known ones, natural images."""
        lines = []
        for title, wanted in (("New", False), ("Known before", True)):
            names = [name for name, known in self.known.items() if known == wanted]
            changes = ", ".join(f"{name} {self._change(name)}" for name in names)
            lines += [f"{title}, detected before and after: {changes}."] if names else []
        natural = [f"{1 - _called(each, scores.natural):.1%}" for _, each, scores in self._pairs]
        return "\n".join([*lines, f"Natural images called natural: {' to '.join(natural)}."])

    def _change(self, name: str) -> str:
        rates = [_called(each, scores.generated[name]) for _, each, scores in self._pairs]
        return " to ".join(f"{rate:.1%}" for rate in rates)

    def _known(self, name: str) -> str | None:
        known = self.known.get(name)
        return None if known is None else "yes" if known else "no"

    def _cells(self, name: str) -> list[float]:
        areas, rates = [], []
        for _, detector, scores in self._pairs:
            logits = scores.groups()[name]
            area = detection_metrics(logits, scores.natural).roc_auc
            areas += [area, *roc_auc_interval(logits, scores.natural)]
            rate = _called(detector, logits)
            rates += [rate, *wilson(rate, len(logits))]
        return areas + rates


def _called(detector: Detector, logits: np.ndarray) -> float:
    """Share of images called generated, at the detector's threshold."""
    return float(np.mean(detector.probability(logits) > detector.thresholds().generated))


def _threshold(detector: Detector) -> str:
    calibrated = " (calibrated)" if "calibration" in detector.info else ""
    return f"{detector.thresholds().generated:.4g}{calibrated}"


def compared(
    before: Detector, after: Detector, opened: Sequence[Opened], names: Sequence[str]
) -> Extension:
    """Scores the held-out images of all sets by both detectors.

    Args:
        before: the detector that was extended.
        after: what became of it.
        opened: natural images, then those of each generator.
        names: of the generators.
    """
    natural, *generated = (each.dataset.evaluation for each in opened)
    sets = natural, dict(zip(names, generated, strict=True))
    known = [is_known(before, each) for each in opened[1:]]
    scores = score(before, *sets), score(after, *sets)
    return Extension(before, after, scores, dict(zip(names, known, strict=True)))


def write_extension(
    extension: Extension, folder: Path, cautions: Sequence[str], seconds: float
) -> Path:
    """Writes the page, with its tables as CSV and JSON beside it.

    Args:
        extension: what is told.
        folder: of the run; the report gets a folder in it.
        cautions: what makes numbers doubtful, a sentence each.
        seconds: how long the training took.

    Returns:
        The path of index.html.
    """
    settings = extension.after.settings
    return report.write(
        Report(
            name="extension",
            title="A detector extended by new generators",
            question="What does it detect that it did not before, and what has it forgotten?",
            paper_claim="",
            summary="\n\n".join([*extension.summary().split("\n"), *cautions]),
            facts={"extended": settings["start"], "split": "evaluation", "seed": settings["seed"]},
            configuration=settings,
            seeds={"training": settings["seed"]},
            command=command_line(),
            wall_time_seconds=seconds,
            tables=(extension.generator_table(), extension.natural_table()),
            notes=(
                "The paper extends no detector. All layers are trained further, at the learning "
                f"rate {settings['classifier']['learning_rate']:g}, on all images given: a choice "
                "of this project.",
            ),
        ),
        folder / FOLDER,
    )
