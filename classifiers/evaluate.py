"""Measures a detector on natural images and on those of generators.

    python -m classifiers.evaluate --detector=runs/detector --natural=faces.zip \\
        --generated=gan1,gan2 --output=evaluation

By default on the fifth of each set that `classifiers.train` leaves alone. Figures for each
generator, bootstrap intervals, calibration, and robustness to JPEG, blur, resizing and cropping;
as CSV, JSON, Markdown, PNG, and one HTML page.
"""

import time
from pathlib import Path

import numpy as np
from absl import flags

import data
import report
from classifiers.detector import load_detector
from classifiers.evaluation import (
    calibration,
    detection_table,
    interval_table,
    natural_table,
    robustness,
    score,
)
from classifiers.perturbations import check_strength
from data import Images, InputError, Joined, Opened, Subset
from report import Report
from training import command
from training.invocation import command_line

SWEEPS = {
    "jpeg": ["95", "90", "75", "50", "30"],
    "blur": ["0.5", "1", "2"],
    "resize": ["0.5", "0.75", "1.5"],
    "crop": ["0.9", "0.75", "0.5"],
}


def main() -> None:
    """The command line."""
    flags.DEFINE_string("detector", None, "Folder of the detector, or a .keras file.")
    flags.DEFINE_string("natural", None, "Natural images: folder, zip or records.")
    flags.DEFINE_list("generated", [], "Generated images, of each generator: the same.")
    flags.DEFINE_enum("split", "evaluation", ["evaluation", "train", "all"], "Of each set.")
    flags.DEFINE_integer("limit", 10_000, "Most images of each set.", lower_bound=2)
    flags.DEFINE_string("output", None, "Folder of the report.")
    flags.DEFINE_integer("resamples", 1000, "Draws for the intervals.", lower_bound=10)
    for name, strengths in SWEEPS.items():
        flags.DEFINE_list(name, strengths, f"Strengths of the robustness sweep {name}; none: =.")
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if not all((values.detector, values.natural, values.generated, values.output)):
        raise InputError("--detector, --natural, --generated (images) and --output are needed")
    started = time.monotonic()
    sweeps = {name: strengths_of(name, values[name].value) for name in SWEEPS}
    detector = load_detector(values.detector)
    size, _, channels = detector.image_shape
    opened = {
        path: data.open_path(path, size, channels, detector.resize_filter)
        for path in (values.natural, *values.generated)
    }
    natural = chosen(opened[values.natural], values.split, values.limit)
    generated = {
        path: chosen(opened[path], values.split, values.limit) for path in values.generated
    }
    scores = score(detector, natural, generated)
    calibrated, reliability = calibration(detector, scores)
    tables = [
        detection_table(scores), natural_table(scores), calibrated,
        interval_table(scores, values.resamples),
    ]  # fmt: skip
    figures = [reliability]
    for name, strengths in sweeps.items():
        if strengths:
            table, figure = robustness(detector, natural, generated, name, strengths)
            tables.append(table)
            figures.append(figure)
    page = report.write(
        Report(
            name="evaluation",
            title="A detector of generated images",
            question="How well does the detector tell the generators' images from natural ones?",
            paper_claim="The paper reports no figures on other data.",
            summary=_summary(tables[0], tables[1]),
            facts=_facts(opened, natural, generated),
            configuration={"detector": detector.info, "temperature": detector.temperature},
            seeds={"intervals": 0},
            command=command_line(),
            wall_time_seconds=time.monotonic() - started,
            tables=tuple(tables),
            figures=tuple(figures),
        ),
        Path(values.output),
    )
    print(report.to_text(tables[0]))
    print(page)


def strengths_of(name: str, texts: list[str]) -> list[float]:
    """The numbers of a sweep.

    Raises:
        InputError: one is no number, or out of the perturbation's range.
    """
    strengths = []
    for text in filter(None, texts):
        try:
            strengths.append(float(text))
        except ValueError:
            raise InputError(f"--{name} is {text}; it must be numbers with commas") from None
        check_strength(name, strengths[-1])
    return strengths


def chosen(opened: Opened, split: str, limit: int) -> Images:
    """Images of a split: all, or a random choice of as many as asked for."""
    parts = {"train": [opened.dataset.train], "evaluation": [opened.dataset.evaluation]}
    parts["all"] = parts["train"] + parts["evaluation"]
    images = Joined(parts[split])
    if len(images) < 2:
        raise InputError(f"{opened.path} has too few images for --split={split}: give --split=all")
    if len(images) <= limit:
        return images
    return Subset(images, np.sort(data.permutation(len(images), 0)[:limit]))


def _summary(detection: report.Table, natural: report.Table) -> str:
    rates = dict(zip(detection.columns, detection.cells[-1], strict=True))
    return (
        f"The detector calls {rates['detection rate']:.1%} of the generated images generated and "
        f"{natural.cells[0][1]:.1%} of the natural ones natural; AUC {rates['AUC']:.3f}."
    )


def _facts(opened: dict[str, Opened], natural: Images, generated: dict[str, Images]) -> dict:
    values = flags.FLAGS
    first = opened[values.natural]
    return {
        "split": values.split,
        "natural images": f"{len(natural):,} of {values.natural}, {first.jpeg_share:.0%} JPEG once",
        "generated images": "; ".join(
            f"{len(images):,} of {path}, {opened[path].jpeg_share:.0%} JPEG once"
            for path, images in generated.items()
        ),
        "image size": "x".join(map(str, natural.shape)),
        "resize filter": first.resize_filter,
    }


if __name__ == "__main__":
    main()
