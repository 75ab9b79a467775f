"""The one way in which experiments run: train what is missing, measure, write the report."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from gan_knowledge_gaps import report
from gan_knowledge_gaps.experiments import budget, dry_run, size_flags, starting
from gan_knowledge_gaps.experiments.experiment import Experiment, Result
from gan_knowledge_gaps.experiments.measurements import natural_grid
from gan_knowledge_gaps.lab import flags as lab_flags
from gan_knowledge_gaps.lab import run
from gan_knowledge_gaps.lab.planning.listing import describe_plan
from gan_knowledge_gaps.lab.specs import Spec
from gan_knowledge_gaps.report import Report
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.config import define_flags
from gan_knowledge_gaps.training.flag_help import SIZE, group, named
from gan_knowledge_gaps.training.progress import say

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab

QUICK_NOTE = (
    "The quick preset shows the machinery at work, with few and small networks and short "
    "trainings. It is no evidence for or against the paper's claims."
)


def main(experiment_class: type[Experiment]) -> None:
    """The command line of an experiment."""
    settings = list(experiment_class.presets)
    lab_flags.define(settings)
    sizes = experiment_class.presets[named("setting", settings[0], settings)]
    with group(SIZE):
        define_flags(size_flags.PREFIX, sizes[named("preset", "quick", list(sizes))])
    experiment_class.define_flags()
    starting.define(settings)
    budget.define()
    command.run(lambda: _run(experiment_class))


def _run(experiment_class: type[Experiment]) -> None:
    values = flags.FLAGS
    budget.check_flags()
    size = size_flags.chosen_size(experiment_class.presets[values.setting][values.preset])
    experiment = experiment_class(size, values.seed, values.setting, starting.chosen())
    lab = lab_flags.open_lab(experiment_class.dataset())
    lab.watchers = experiment.watchers()
    specs = run.all_specs(lab, experiment.specs)
    if run.is_job(lab, specs):
        return
    if values.dry_run:
        print(describe_plan(lab, specs) + "\n", flush=True)
    if dry_run.only_planned(lab, [experiment]):
        return
    results = results_folder(experiment, lab)
    started = time.monotonic()
    trained = run.train(lab, specs, results)
    if trained is None:
        return
    ours = [spec for spec in specs if spec.has_artifact]
    this_run = f"trained {len(trained)} of {len(ours)}"
    findings, page = write_report(experiment, lab, this_run, started)
    say("")
    for table in findings.tables:
        print(report.to_text(table) + "\n")
    print(findings.summary)
    print(f"\n{this_run}, took {time.monotonic() - started:.0f} s")
    print(f"results: {page}")


def write_report(
    experiment: Experiment, lab: Lab, trained: str, started: float
) -> tuple[Result, Path]:
    """Measures, and writes the report; its page is what is returned with the findings."""
    findings = experiment.result(lab)
    if flags.FLAGS.natural_samples:
        grids = (natural_grid(lab), *findings.grids)
        findings = dataclasses.replace(findings, grids=grids)
    this_run = f"{trained}, took {time.monotonic() - started:.0f} s"
    specs = run.all_specs(lab, experiment.specs)
    whole = assemble(experiment, specs, lab, findings, flags.FLAGS.preset, this_run)
    folder = results_folder(experiment, lab)
    return findings, report.write(whole, folder, artifact_links(lab, specs, folder))


def artifact_links(lab: Lab, specs: list[Spec], folder: Path) -> dict[str, str]:
    """The artifacts' folders as a page finds them, by key; none where it is not in the workdir."""
    if lab.workdir.resolve() not in folder.resolve().parents:
        return {}
    return {
        lab.key(spec): relpath(lab.artifact(spec).folder, folder)
        for spec in specs
        if spec.has_artifact
    }


def results_folder(experiment: Experiment, lab: Lab) -> Path:
    """Where a report goes: as asked for, or a name with a suffix for what differs from a preset."""
    values = flags.FLAGS
    if values.results:
        return Path(values.results)
    results = lab.workdir / "results"
    name = report_name(experiment.name, values.setting, lab)
    chosen = {"experiment": experiment.config.content(), **lab.config.to_json()}
    preset = {
        "experiment": experiment.presets[values.setting][values.preset].content(),
        **lab_flags.preset().to_json(),
    }
    other_images = experiment.provenance or values.data_dir
    if chosen == preset and not values.seed and not other_images:
        return results / name
    content = [chosen, values.seed, lab.dataset.fingerprint, *experiment.provenance]
    text = json.dumps(content)
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
    artifacts = [lab.artifact(spec) for spec in specs if spec.has_artifact]
    training_seconds = sum(each.manifest()["seconds"] for each in artifacts)
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
            f"{len(lab.dataset.evaluation):,} evaluation"
            + (", split by groups" if lab.dataset.groups is not None else ""),
            "scale": f"{preset}, {lab.config.scale}",
            **findings.instances,
        },
        configuration={
            "experiment": experiment.config.content(),
            **lab.config.to_json(),
            "data fingerprint": lab.dataset.fingerprint,
            "replicas": lab.strategy.num_replicas_in_sync,
            "this run": this_run,
        },
        seeds={repr(spec): spec.fields["seed"] for spec in specs if "seed" in spec.fields}
        | {"--seed": experiment.seed},
        command=command_line(),
        wall_time_seconds=training_seconds,
        tables=findings.tables,
        figures=findings.figures,
        grids=findings.grids,
        provenance={lab.key(spec): repr(spec) for spec in specs},
        notes=findings.notes + ((QUICK_NOTE,) if preset == "quick" else ()),
    )
