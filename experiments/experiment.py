"""What an experiment is, and the one way in which all of them run."""

import abc
import dataclasses
import hashlib
import json
import time
from pathlib import Path
from typing import Any, ClassVar

from absl import flags

import data
import report
from experiments import flags as shared_flags
from experiments.lab import Lab
from experiments.measurements import natural_grid
from experiments.plan import describe_plan
from experiments.setting import PRESETS
from experiments.specs import DigitClassifier, Spec, in_order
from experiments.workers import stop_with_parent, train_side_by_side
from report import Figure, Grid, Report, Table
from training import command
from training.config import define_flags, override, to_json
from training.distribution import check_batch_size, make_strategy
from training.invocation import command_line
from training.progress import say

QUICK_NOTE = (
    "The quick preset shows the machinery at work, with few and small networks and short "
    "trainings. It is no evidence for or against the paper's claims."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Findings:
    """What an experiment found.

    Attributes:
        summary: the finding in words, computed from the numbers.
        instances: what the numbers are of, by name.
        tables: the numbers; the first is the experiment's main one.
        figures: the paper's form of them.
        grids: sample images.
        notes: what differs from the paper.
    """

    summary: str
    instances: dict[str, Any]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...] = ()
    grids: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()


class Experiment(abc.ABC):
    """A table or figure of the paper, in this project's terms.

    Attributes:
        name: the script's name.
        title: one line.
        question: what is asked.
        paper_claim: what the paper reports.
        presets: the experiment's sizes for `quick`, `reduced` and `paper`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    paper_claim: ClassVar[str]
    presets: ClassVar[dict[str, Any]]

    def __init__(self, config: Any, seed: int = 0):
        self.config, self.seed = config, seed

    @property
    @abc.abstractmethod
    def specs(self) -> list[Spec]:
        """The GANs and classifiers that must be trained."""

    @abc.abstractmethod
    def findings(self, lab: Lab) -> Findings:
        """Measures, once everything is trained."""


def main(experiment_class: type[Experiment]) -> None:
    """The command line of an experiment."""
    shared_flags.define()
    define_flags("experiment", experiment_class.presets)
    command.run(lambda: _run(experiment_class))


def _run(experiment_class: type[Experiment]) -> None:
    values = flags.FLAGS
    config = override(experiment_class.presets[values.preset], "experiment", values)
    experiment = experiment_class(config, values.seed)
    setting = shared_flags.chosen_setting()
    strategy = make_strategy(values.cpu_replicas)
    for each in (setting.gan, setting.classifier, setting.digits):
        check_batch_size(each.batch_size, strategy)
    dataset = data.load(values.dataset, values.data_dir)
    lab = Lab(Path(values.workdir), dataset, setting, strategy)
    specs = all_specs(experiment, lab)
    if values.as_worker:
        stop_with_parent()
        lab.train(specs)
        return
    if values.dry_run:
        print(describe_plan(lab, specs))
        return
    lab.workdir.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    trained = []
    if values.workers > 1:
        trained = lab.missing(specs)
        train_side_by_side(min(values.workers, len(trained)))
    trained += lab.train(specs)
    findings = experiment.findings(lab)
    if values.natural_samples:
        grids = (natural_grid(lab), *findings.grids)
        findings = dataclasses.replace(findings, grids=grids)
    seconds = time.monotonic() - started
    this_run = f"trained {len(trained)} of {len(specs)}, took {seconds:.0f} s"
    page = report.write(
        assemble(experiment, specs, lab, findings, values.preset, this_run),
        _results_folder(experiment, lab),
    )
    say("")
    for table in findings.tables:
        print(report.to_text(table) + "\n")
    print(findings.summary)
    print(f"\n{this_run}")
    print(f"results: {page}")


def _results_folder(experiment: Experiment, lab: Lab) -> Path:
    """As asked for; by default, whatever differs from the preset gives it a suffix of its own."""
    values = flags.FLAGS
    if values.results:
        return Path(values.results)
    results = lab.workdir / "results"
    name = f"{experiment.name}-{values.preset}-{lab.dataset.name}"
    chosen = {"experiment": to_json(experiment.config), **lab.setting.to_json()}
    preset = {
        "experiment": to_json(experiment.presets[values.preset]),
        **PRESETS[values.preset].to_json(),
    }
    if chosen == preset and not values.seed and not values.data_dir:
        return results / name
    text = json.dumps([chosen, values.seed, lab.dataset.fingerprint])
    return results / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def all_specs(experiment: Experiment, lab: Lab) -> list[Spec]:
    """What an experiment trains; first the digit classifier that judges it, if there are labels."""
    judge = [] if lab.dataset.train_labels is None else [DigitClassifier()]
    return in_order([*judge, *experiment.specs])


def assemble(
    experiment: Experiment,
    specs: list[Spec],
    lab: Lab,
    findings: Findings,
    preset: str,
    this_run: str,
) -> Report:
    """The report of an experiment's findings, with the artifacts (`specs`) behind its numbers."""
    training_seconds = sum(lab.artifact(spec).manifest()["seconds"] for spec in specs)
    height, width, channels = lab.dataset.image_shape
    return Report(
        name=experiment.name,
        title=experiment.title,
        question=experiment.question,
        paper_claim=experiment.paper_claim,
        summary=findings.summary,
        facts={
            "data": f"{lab.dataset.name}, {height}x{width}x{channels}",
            "natural images": f"{len(lab.dataset.train):,} train, "
            f"{len(lab.dataset.evaluation):,} evaluation",
            "scale": f"{preset}, {lab.setting.scale}",
            **findings.instances,
        },
        configuration={
            "experiment": to_json(experiment.config),
            **lab.setting.to_json(),
            "data fingerprint": lab.dataset.fingerprint,
            "replicas": lab.strategy.num_replicas_in_sync,
            "this run": this_run,
        },
        seeds={repr(spec): spec.own["seed"] for spec in specs} | {"--seed": experiment.seed},
        command=command_line(),
        wall_time_seconds=training_seconds,
        tables=findings.tables,
        figures=findings.figures,
        grids=findings.grids,
        provenance={lab.key(spec): repr(spec) for spec in specs},
        notes=findings.notes + ((QUICK_NOTE,) if preset == "quick" else ()),
    )
