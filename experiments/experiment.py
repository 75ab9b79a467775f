"""What an experiment is, and the one way in which all of them run."""

import abc
import dataclasses
import time
from pathlib import Path
from typing import Any, ClassVar

from absl import flags

import data
from data import InputError
from experiments import flags as shared_flags
from experiments import report
from experiments.lab import Lab
from experiments.plan import describe_plan
from experiments.report import Figure, Grid, Report, Table
from experiments.specs import DigitClassifier, Spec, in_order
from training import command
from training.config import define_flags, override, to_json
from training.distribution import make_strategy
from training.progress import say


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
    define_flags("experiment", type(experiment_class.presets["quick"]))
    command.run(lambda: _run(experiment_class))


def _run(experiment_class: type[Experiment]) -> None:
    values = flags.FLAGS
    config = override(experiment_class.presets[values.preset], "experiment", values)
    experiment = experiment_class(config, values.seed)
    setting = shared_flags.chosen_setting()
    strategy = make_strategy(values.cpu_replicas)
    dataset = data.load(values.dataset, values.data_dir)
    lab = Lab(_workdir(values.workdir), dataset, setting, strategy)
    specs = all_specs(experiment, lab)
    if values.dry_run:
        print(describe_plan(lab, specs))
        return
    started = time.monotonic()
    trained = lab.train(specs)
    findings = experiment.findings(lab)
    found = assemble(experiment, lab, findings, values.preset, time.monotonic() - started)
    folder = lab.workdir / "results" / f"{experiment.name}-{values.preset}-{dataset.name}"
    page = report.write(found, folder)
    say("")
    for table in findings.tables:
        print(report.to_text(table) + "\n")
    print(findings.summary)
    print(f"\ntrained {len(trained)}, took {time.monotonic() - started:.0f} s")
    print(f"results: {page}")


def _workdir(path: str) -> Path:
    workdir = Path(path)
    try:
        workdir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--workdir {workdir} cannot be used: {error.strerror}") from error
    return workdir


def all_specs(experiment: Experiment, lab: Lab) -> list[Spec]:
    """What an experiment trains, and the digit classifier that judges it where there are labels."""
    judge = [] if lab.dataset.train_labels is None else [DigitClassifier()]
    return in_order([*experiment.specs, *judge])


def assemble(
    experiment: Experiment, lab: Lab, findings: Findings, preset: str, seconds: float
) -> Report:
    """The report of an experiment's findings, with where every number comes from."""
    specs = all_specs(experiment, lab)
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
            "training seconds of all artifacts": round(training_seconds, 1),
        },
        seeds={repr(spec): spec.own["seed"] for spec in specs} | {"--seed": experiment.seed},
        command=report.command_line(),
        wall_time_seconds=seconds,
        tables=findings.tables,
        figures=findings.figures,
        grids=findings.grids,
        provenance={lab.key(spec): repr(spec) for spec in specs},
        notes=findings.notes,
    )
