"""The one way in which experiments run: train what is missing, measure, write the report."""

import dataclasses
import hashlib
import json
import time
from pathlib import Path
from typing import Any

from absl import flags

import report
from data import InputError
from experiments import flags as shared_flags
from experiments.cache import GIGABYTE
from experiments.executors import choice
from experiments.executors.local import stop_with_parent
from experiments.experiment import Experiment, Result
from experiments.lab import Lab
from experiments.measurements import natural_grid
from experiments.planning.listing import describe_plan
from experiments.settings import SETTINGS
from experiments.specs import Spec, in_order
from report import Report
from training import command
from training.config import define_flags, override, to_json
from training.distribution import check_batch_size, make_strategy
from training.invocation import command_line
from training.progress import say

MOST_INSTANCES = 10_000
QUICK_NOTE = (
    "The quick preset shows the machinery at work, with few and small networks and short "
    "trainings. It is no evidence for or against the paper's claims."
)


def main(experiment_class: type[Experiment]) -> None:
    """The command line of an experiment."""
    shared_flags.define(list(experiment_class.presets))
    sizes = {
        f"{setting} {preset}": size
        for setting, presets in experiment_class.presets.items()
        for preset, size in presets.items()
    }
    define_flags("experiment", sizes)
    command.run(lambda: _run(experiment_class))


def _run(experiment_class: type[Experiment]) -> None:
    values = flags.FLAGS
    size = experiment_class.presets[values.setting][values.preset]
    size = override(size, "experiment", values)
    check_size(size)
    experiment = experiment_class(size, values.seed, values.setting)
    lab = open_lab()
    specs = all_specs([experiment], lab)
    if is_job(lab, specs):
        return
    if values.dry_run:
        print(describe_plan(lab, specs))
        return
    results = results_folder(experiment, lab)
    started = time.monotonic()
    trained = train(lab, specs, results)
    if trained is None:
        return
    this_run = f"trained {len(trained)} of {len(specs)}"
    findings, page = write_report(experiment, lab, this_run, started)
    say("")
    for table in findings.tables:
        print(report.to_text(table) + "\n")
    print(findings.summary)
    print(f"\n{this_run}, took {time.monotonic() - started:.0f} s")
    print(f"results: {page}")


def check_size(size: Any) -> None:
    """Raises InputError where an experiment asks for more instances than anybody can list."""
    for name, value in to_json(size).items():
        if isinstance(value, int) and value > MOST_INSTANCES:
            raise InputError(
                f"--experiment_{name} is {value}; it must be at most {MOST_INSTANCES:,}"
            )


def open_lab() -> Lab:
    """The lab that the flags describe.

    Raises:
        InputError: they do not agree with each other, or with this machine's memory and devices.
    """
    values = flags.FLAGS
    setting = shared_flags.chosen_setting()
    strategy = make_strategy(values.cpu_replicas)
    setting.check_replicas(strategy.num_replicas_in_sync)
    return Lab(
        Path(values.workdir),
        shared_flags.chosen_dataset(setting),
        setting,
        strategy,
        judge=shared_flags.chosen_judge(),
        cache_bytes=round(values.cache_gb * GIGABYTE),
    )


def all_specs(experiments: list[Experiment], lab: Lab) -> list[Spec]:
    """What experiments train; first the classifier that judges them, if there is one.

    Raises:
        InputError: a batch cannot be split over the devices.
    """
    judge = [] if lab.judge.spec is None else [lab.judge.spec]
    specs = in_order([*judge, *(spec for each in experiments for spec in each.specs)])
    for batch_size in {lab.setting.batch_size(spec) for spec in specs}:
        check_batch_size(batch_size, lab.strategy)
    return specs


def is_job(lab: Lab, specs: list[Spec]) -> bool:
    """Whether this process is there to train for another; it has done so then.

    An executor started it, or it is one of several workers and not their chief.
    """
    values = flags.FLAGS
    if lab.workers.count > 1 and values.dry_run:
        raise InputError("--dry_run is for one process: leave TF_CONFIG out")
    if not lab.workers.is_chief:
        lab.follow(specs)
    elif values.as_worker:
        stop_with_parent()
        lab.train(specs)
    elif values.train_artifact:
        lab.train([with_key(values.train_artifact, specs, lab)])
    else:
        return False
    return True


def train(lab: Lab, specs: list[Spec], results: Path) -> list[Spec] | None:
    """Trains what is missing by the executor that was chosen.

    Returns:
        What was trained; None where it is queued.
    """
    executor = choice.chosen()
    lab.workdir.mkdir(parents=True, exist_ok=True)
    trained = executor.train(lab, specs, results)
    lab.dismiss()
    return trained


def write_report(
    experiment: Experiment, lab: Lab, trained: str, started: float
) -> tuple[Result, Path]:
    """Measures, and writes the report; its page is what is returned with the findings."""
    findings = experiment.result(lab)
    if flags.FLAGS.natural_samples:
        grids = (natural_grid(lab), *findings.grids)
        findings = dataclasses.replace(findings, grids=grids)
    this_run = f"{trained}, took {time.monotonic() - started:.0f} s"
    specs = all_specs([experiment], lab)
    whole = assemble(experiment, specs, lab, findings, flags.FLAGS.preset, this_run)
    return findings, report.write(whole, results_folder(experiment, lab))


def with_key(key: str, specs: list[Spec], lab: Lab) -> Spec:
    """The one of some values whose artifact has a key; InputError if there is none."""
    for spec in specs:
        if lab.key(spec) == key:
            return spec
    raise InputError(
        f"this experiment has no {key}: the code, the data or the flags changed since it was "
        "queued; queue it again"
    )


def results_folder(experiment: Experiment, lab: Lab) -> Path:
    """Where a report goes: as asked for, or a name with a suffix for what differs from a preset."""
    values = flags.FLAGS
    if values.results:
        return Path(values.results)
    results = lab.workdir / "results"
    name = report_name(experiment.name, values.setting, lab)
    chosen = {"experiment": to_json(experiment.config), **lab.setting.to_json()}
    preset = {
        "experiment": to_json(experiment.presets[values.setting][values.preset]),
        **SETTINGS[values.setting][values.preset].to_json(),
    }
    if chosen == preset and not values.seed and not values.data_dir:
        return results / name
    text = json.dumps([chosen, values.seed, lab.dataset.fingerprint])
    return results / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def report_name(experiment: str, setting: str, lab: Lab) -> str:
    """The folder's name of a report in which nothing differs from the preset."""
    return f"{experiment}-{setting}-{flags.FLAGS.preset}-{lab.dataset.name}"


def assemble(
    experiment: Experiment,
    specs: list[Spec],
    lab: Lab,
    findings: Result,
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
        seeds={repr(spec): spec.own["seed"] for spec in specs if "seed" in spec.own}
        | {"--seed": experiment.seed},
        command=command_line(),
        wall_time_seconds=training_seconds,
        tables=findings.tables,
        figures=findings.figures,
        grids=findings.grids,
        provenance={lab.key(spec): repr(spec) for spec in specs},
        notes=findings.notes + ((QUICK_NOTE,) if preset == "quick" else ()),
    )
