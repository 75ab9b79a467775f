"""Draws how a training went: its losses, and the quality of its snapshots.

    python -m stylegan2.train --run=runs/faces --data=faces32 --keep_networks
    for network in runs/faces/snapshots/*.keras; do
        python -m stylegan2.evaluate --network=$network --data=faces32 --features=random-vgg16 \\
            --metrics=fid,swd --output=runs/faces/evaluation
    done
    python -m stylegan2.learning_curve --run=runs/faces --evaluations=runs/faces/evaluation \\
        --output=learning_curve

Writes learning_curve.png and .csv into `--output`: the losses of every tick, and every figure that
was taken of a snapshot, against thousands of natural images seen.
"""

import csv
import io
import re
from pathlib import Path

import numpy as np
from absl import flags

from gan_knowledge_gaps.data import InputError, write_text
from gan_knowledge_gaps.evaluation.report import read_report
from gan_knowledge_gaps.stylegan2.run import read_config
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.metrics_log import read_metrics

Curves = dict[str, list[tuple[float, float]]]  # by name: (kimg, value)

LOSSES = ("generator_loss", "discriminator_loss", "fooling_loss")
_STEP = re.compile(r"step-(\d+)")
_HEIGHT = 2.0  # Inches, of one panel


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("run", None, "Folder of the run.")
        flags.DEFINE_string("output", None, "Folder of both files.")
    flags.DEFINE_list("evaluations", [], "Folders of the reports of `stylegan2.evaluate`.")
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if not values.run or not values.output:
        raise InputError("--run (folder of a run) and --output (a folder) are needed")
    run, output = Path(values.run), Path(values.output)
    kimg_of_step = read_config(run)["training"]["batch_size"] / 1000
    losses = read_losses(run / "metrics.jsonl", kimg_of_step)
    if not losses:
        raise InputError(f"{run} has no metrics yet")
    figures = read_figures([Path(each) for each in values.evaluations], kimg_of_step)
    output.mkdir(parents=True, exist_ok=True)
    write_text(output / "learning_curve.csv", to_csv(losses | figures))
    draw(output / "learning_curve.png", losses, figures)
    print(output / "learning_curve.png")


def read_losses(path: Path, kimg_of_step: float) -> Curves:
    """The losses of each tick in a training's metrics.jsonl."""
    lines = read_metrics(path)
    curves = {
        name: [(line["step"] * kimg_of_step, line[name]) for line in lines if name in line]
        for name in LOSSES
    }
    return {name: curve for name, curve in curves.items() if curve}


def read_figures(folders: list[Path], kimg_of_step: float) -> Curves:
    """Every figure of the snapshots that the reports are of, in the order of the training.

    Raises:
        InputError: a report is damaged, missing, or of something that is no snapshot.
    """
    curves: Curves = {}
    for folder in folders:
        evaluations = read_report(folder)
        if not evaluations:
            raise InputError(f"--evaluations: {folder} holds no report of stylegan2.evaluate")
        for evaluation in evaluations:
            step = _STEP.search(Path(evaluation["conditions"]["network"]).name)
            if step is None:
                raise InputError(f"--evaluations: {folder} has scores of what is no snapshot")
            for figure in evaluation["figures"]:
                point = int(step[1]) * kimg_of_step, figure["value"]
                curves.setdefault(figure["name"], []).append(point)
    return {name: sorted(curve) for name, curve in curves.items()}


def to_csv(curves: Curves) -> str:
    """A line for each point: name, kimg, value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("curve", "kimg", "value"))
    for name, curve in curves.items():
        writer.writerows((name, f"{kimg:g}", repr(value)) for kimg, value in curve)
    return text.getvalue()


def draw(path: Path, losses: Curves, figures: Curves) -> None:
    """One panel for the losses, and one for each kind of figure, as PNG."""
    from matplotlib.figure import Figure

    from gan_knowledge_gaps.report.drawing import COLOURS, FAINT, INK, RULE, save

    panels = [("Losses", losses), *_by_kind(figures).items()]
    canvas = Figure((6.4, _HEIGHT * len(panels)), facecolor="white", layout="constrained")
    axes = np.atleast_1d(canvas.subplots(len(panels), 1, sharex=True))
    for axis, (title, curves) in zip(axes, panels, strict=True):
        for number, (name, curve) in enumerate(curves.items()):
            style = {"linewidth": 1.2} if curves is losses else {"marker": "o", "markersize": 4}
            axis.plot(*zip(*curve, strict=True), color=COLOURS[number], label=name, **style)
        positive = all(value > 0 for curve in curves.values() for _, value in curve)
        axis.set_yscale("log" if positive and curves is not losses else "linear")
        axis.set_title(title, loc="left", size=10, color=INK)
        if len(curves) > 1:
            axis.legend(frameon=False, fontsize=8, labelcolor=INK)
        axis.tick_params(which="both", labelsize=8, colors=INK)
        axis.grid(axis="y", color=RULE, linewidth=0.7)
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[:].set_color(FAINT)
    axes[-1].set_xlabel("thousands of natural images seen (kimg)", size=9, color=INK)
    save(canvas, path)


def _by_kind(figures: Curves) -> dict[str, Curves]:
    """Figures that are of several scales together, by the first word of their names."""
    kinds: dict[str, Curves] = {}
    for name, curve in figures.items():
        kinds.setdefault(name.split()[0], {})[name] = curve
    return {next(iter(each)) if len(each) == 1 else kind: each for kind, each in kinds.items()}


if __name__ == "__main__":
    main()
