"""Measures a detector on natural images and on those of generators.

    python -m classifiers.evaluate --detector=runs/detector --natural=faces.zip \\
        --generated=gan1,gan2 --output=evaluation

By default on the fifth of each set that `classifiers.train` leaves alone. Metrics for each
generator, their intervals, calibration, and robustness to JPEG, blur, resizing and cropping;
as CSV, JSON, Markdown, PNG, and one HTML page.
"""

import time
from pathlib import Path

from absl import flags

from gan_knowledge_gaps import report
from gan_knowledge_gaps.classifiers import evaluation_inputs
from gan_knowledge_gaps.classifiers.auditing.tables import audit_tables
from gan_knowledge_gaps.classifiers.baseline import load_baseline
from gan_knowledge_gaps.classifiers.evaluation import (
    baseline_table,
    calibration,
    detection_table,
    interval_table,
    natural_table,
    robustness,
    score,
)
from gan_knowledge_gaps.classifiers.perturbations import check_strength
from gan_knowledge_gaps.classifiers.score_pictures import histogram, mistakes, roc
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.report import Report
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.flag_help import OPTIONS, group

# Strengths, and what they are.
SWEEPS = {
    "jpeg": (["95", "90", "75", "50", "30"], "Qualities of JPEG"),
    "blur": (["0.5", "1", "2"], "Sigmas of a Gaussian blur, in pixels,"),
    "resize": (["0.5", "0.75", "1.5"], "Factors of resizing"),
    "crop": (["0.9", "0.75", "0.5"], "Shares of height and width that are kept by cropping,"),
}


def main() -> None:
    """The command line."""
    evaluation_inputs.define_flags(limit=10_000)
    evaluation_inputs.define_prior(
        "Share of generated images for which AP and calibration are told, however many there are."
    )
    with group(OPTIONS):
        for name, (strengths, unit) in SWEEPS.items():
            flags.DEFINE_list(
                name, strengths, f"{unit} at which images are tried again; --{name}= for none."
            )
    command.run(_run, resumes=False)


def _run() -> None:
    values = flags.FLAGS
    started = time.monotonic()
    sweeps = {name: strengths_of(name, values[name].value or []) for name in SWEEPS}
    prior = evaluation_inputs.checked_prior(values.prior)
    subject = evaluation_inputs.open_inputs()
    detector, natural, generated = subject.detector, subject.natural, subject.generated
    scores = score(detector, natural, generated)
    calibrated, reliability = calibration(detector, scores, prior)
    tables = [
        detection_table(scores, prior), natural_table(scores), calibrated,
        interval_table(scores, prior),
    ]  # fmt: skip
    tables += audit_tables(detector.info["audit"]) if "audit" in detector.info else []
    figures = [roc(scores), histogram(scores), reliability]
    summary = _summary(tables[0], tables[1])
    baseline = load_baseline(values.detector, detector.image_shape)
    if baseline is not None:
        tables.append(baseline_table(scores, baseline, natural, generated))
        summary += f" {_comparison(tables[-1])}"
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
            paper_claim="",
            summary=summary,
            facts=subject.facts | {"share of generated images in AP and calibration": f"{prior:g}"},
            configuration={"detector": detector.settings, "temperature": detector.temperature},
            seeds={},
            command=command_line(),
            wall_time_seconds=time.monotonic() - started,
            tables=tuple(tables),
            figures=tuple(figures),
            grids=tuple(mistakes(scores, natural, generated)),
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
            raise InputError(f"--{name} is {text}; give numbers separated by commas") from None
        check_strength(name, strengths[-1])
    return strengths


def _summary(detection: report.Table, natural: report.Table) -> str:
    rates = detection.numbers(detection.rows[-1])
    natural_rate = natural.numbers("natural")["called natural"]
    return (
        f"The detector calls {rates['detection rate']:.1%} of the generated images generated and "
        f"{natural_rate:.1%} of the natural ones natural; AUC {rates['AUC']:.3f}."
    )


def _comparison(baseline: report.Table) -> str:
    areas = baseline.numbers(baseline.rows[-1])
    detector, low, high = (areas[n] for n in ("detector", "baseline, from", "baseline, to"))
    verdict = (
        "above" if detector > high else "below" if detector < low else "no further than chance from"
    )
    return (
        f"That is {verdict} what a logistic regression on the radial spectrum reaches: "
        f"{areas['baseline']:.3f} ({low:.3f} to {high:.3f})."
    )


if __name__ == "__main__":
    main()
