"""What an attributor reaches on images that do not train, as a report."""

import dataclasses
from pathlib import Path

import numpy as np

from gan_knowledge_gaps import report
from gan_knowledge_gaps.classifiers.attribution.fitting import joined
from gan_knowledge_gaps.classifiers.attribution.naming import UNKNOWN
from gan_knowledge_gaps.classifiers.attribution.results import Results
from gan_knowledge_gaps.classifiers.auditing.tables import audit_tables
from gan_knowledge_gaps.metrics import detection_metrics
from gan_knowledge_gaps.metrics.intervals import mean_share_interval, roc_auc_interval, wilson
from gan_knowledge_gaps.metrics.open_set import energy, max_logit, max_softmax
from gan_knowledge_gaps.report import Figure, Report, Table, heat_map
from gan_knowledge_gaps.report.table import interval_columns
from gan_knowledge_gaps.training.command_line import command_line

FOLDER = "attribution"  # in the run's folder
ALL = "all, weighing the same"
# The first has the thresholds.
SCORES = {"largest logit": max_logit, "largest probability": max_softmax, "energy": energy}


def confusion_table(results: Results) -> Table:
    """Who is taken for whom, in images."""
    classes = results.attributor.classes
    return Table(
        name="confusion",
        title="What images of each class are called",
        caption="Images that do not train. Unknown: the largest logit is below the threshold of "
        "its class.",
        row_label="Made by",
        column_label="Called",
        rows=[*classes, *results.unknown],
        columns=[*classes, UNKNOWN],
        cells=[results.calls(logits) for logits in (*results.known, *results.unknown.values())],
    )


def confusion_figure(results: Results) -> Figure:
    """The same, as shares of each row."""
    counts = confusion_table(results)
    rows = (list(counts.numbers(row).values()) for row in counts.rows)
    shares = [[each / sum(row) for each in row] for row in rows]
    table = dataclasses.replace(counts, name="shares", cells=shares)
    return Figure(
        "confusion",
        "Of the images of each row, the share that is called each. Rows below the classes are "
        "generators that do not train." if results.unknown else
        "Of the images of each row, the share that is called each.",
        lambda path: heat_map(table, path, colour_label="share of the row"),
    )  # fmt: skip


def class_table(results: Results) -> Table:
    """How often each class is recognised, and how often it is refused."""
    counts = [len(logits) for logits in results.known]
    right = results.accuracies
    kept = [
        results.calls(logits)[label] / len(logits) for label, logits in enumerate(results.known)
    ]
    refused = [results.refused(logits) for logits in results.known]
    columns = [*zip(right, kept, refused, strict=True)]
    cells = [
        [count, *(end for share in shares for end in (share, *wilson(share, count)))]
        for count, shares in zip(counts, columns, strict=True)
    ]
    means = [
        end
        for shares in (right, kept, refused)
        for end in (float(np.mean(shares)), *mean_share_interval(shares, counts))
    ]
    return Table(
        name="classes",
        title="Each class that is known",
        caption="Recognised: the class has the largest logit. Called so: and it is not below the "
        "threshold. Refused: called unknown. 95 % intervals over images: Wilson's.",
        row_label="Class",
        column_label="Metric",
        rows=[*results.attributor.classes, ALL],
        columns=["images", *interval_columns("recognised", "called so", "refused")],
        cells=[*cells, [sum(counts), *means]],
        digits=3,
    )


def open_set_table(results: Results) -> Table:
    """How well generators that do not train are told from those that do."""
    known, _ = joined(results.known)
    cells = []
    for logits in results.unknown.values():
        share = results.refused(logits)
        areas = [(score(known), score(logits)) for score in SCORES.values()]
        cells.append(
            [len(logits), share, *wilson(share, len(logits))]
            + [detection_metrics(*areas[0]).roc_auc, *roc_auc_interval(*areas[0])]
            + [detection_metrics(*each).roc_auc for each in areas[1:]]
        )
    first, *others = SCORES
    return Table(
        name="open-set",
        title="Generators that do not train",
        caption="Refused: called unknown. AUC: of images of known classes against these, by the "
        "largest logit (Vaze et al. 2022), which has the thresholds, and by the largest "
        "probability (Hendrycks & Gimpel 2017) and the energy (Liu et al. 2020). 95 % intervals "
        "over images: Wilson's, and for the AUC with DeLong's variance.",
        row_label="Generator",
        column_label="Metric",
        rows=list(results.unknown),
        columns=["images", *interval_columns("refused", f"AUC, {first}")]
        + [f"AUC, {name}" for name in others],
        cells=cells,
        digits=3,
    )


def write_report(results: Results, folder: Path, seconds: float) -> Path:
    """Writes the page, with its tables as CSV and JSON beside it.

    Args:
        results: what is told.
        folder: of the run; the report gets a folder in it.
        seconds: how long the training took.

    Returns:
        The path of index.html.
    """
    settings = {name: value for name, value in results.attributor.info.items() if name != "audit"}
    tables = [class_table(results), confusion_table(results)]
    tables += [open_set_table(results)] if results.unknown else []
    tables += audit_tables(results.attributor.info["audit"])
    return report.write(
        Report(
            name="attribution",
            title="Which generator made an image",
            question="Are the generators told apart, and are others called unknown?",
            paper_claim="",
            summary=results.summary(),
            facts={"split": "evaluation", "seed": settings["seed"]},
            configuration=settings,
            seeds={"training": settings["seed"]},
            command=command_line(),
            wall_time_seconds=seconds,
            tables=tuple(tables),
            figures=(confusion_figure(results),),
        ),
        folder / FOLDER,
    )
