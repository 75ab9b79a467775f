"""Every table and figure of the paper, of one setting or of both, and a page over all of them.

    python -m experiments.all --workers=2                            # digits, both settings
    python -m experiments.all --setting=dcgan --preset=reduced --dataset=mnist
    python -m experiments.all --setting=stylegan2 --preset=paper --dataset=records \\
        --data_dir=ffhq256 --inception=inception-2015-12-05.tgz --executor=slurm
    python -m experiments.all --setting=stylegan2 --preset=paper --dry_run \\
        --planned_images=70000 --seconds_per_kimg=112.5
    python -m experiments.all --setting=dcgan --preset=node --dataset=mnist --budget_hours=8 \\
        --devices=8 --workers=8

Experiments share what they train. `--experiment_gans=4`, and any other field of a size, holds for
every experiment that has it. The page is `<workdir>/results/index-<preset>.html`, over all
reports of the preset that are there. `--dry_run` trains nothing: it measures how long a step of
each kind of training takes here, and prints what the whole plan, and each experiment alone, takes
on 1, 8 and 64 such devices. `--budget_hours` measures too, prints what fits in so many hours on
--devices, and starts it only if it does. See docs/reproducing.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.experiments import budget, dry_run, size_flags, starting
from gan_knowledge_gaps.experiments.catalog import EXPERIMENTS
from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.running import report_name, write_report
from gan_knowledge_gaps.experiments.sizes import Size
from gan_knowledge_gaps.lab import flags as lab_flags
from gan_knowledge_gaps.lab import run
from gan_knowledge_gaps.lab.executors.local import POLL_SECONDS, stop_with_parent
from gan_knowledge_gaps.lab.flags import BOTH
from gan_knowledge_gaps.lab.specs import Spec
from gan_knowledge_gaps.report import write_index
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.command_line import program
from gan_knowledge_gaps.training.family import PRESET_NAMES
from gan_knowledge_gaps.training.flag_help import NEEDED, SIZE, group, named
from gan_knowledge_gaps.training.progress import say
from gan_knowledge_gaps.training.signals import Interrupted, StopRequest, stop_request

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab

SETTINGS = ("dcgan", "stylegan2")  # the paper's
# Set for the process of one of both settings; no flag, for reports show their command.
_AS_CHILD = "EXPERIMENTS_AS_CHILD"


def main() -> None:
    """The command line."""
    lab_flags.define([BOTH, *SETTINGS])
    with group(NEEDED):
        flags.DEFINE_list("only", None, "Experiments, by name; default: all of the setting.")
    with group(SIZE):
        flags.DEFINE_integer(
            "most_instances", None, "Most instances of each kind, of every experiment.", 1
        )
        flags.DEFINE_integer("most_iterations", None, "Most iterations of every experiment.", 1)
        setting, preset = named("setting", BOTH, SETTINGS), named("preset", "quick", PRESET_NAMES)
        size_flags.define_for_all(EXPERIMENTS, setting, preset)
    budget.define()
    starting.define(SETTINGS)
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if values.results:
        raise InputError("--results is for a single experiment: leave it out")
    budget.check_flags()
    if values.setting == BOTH:
        for name in ("budget_hours", "only", "seconds_per_kimg"):
            if values[name].value is not None:
                raise InputError(f"--{name} is of one setting: choose one by --setting")
        _run_each_setting()
    else:
        _run_setting(values.setting)


def _run_each_setting() -> None:
    """Both settings, one after the other, each in a process of its own."""
    values = flags.FLAGS
    if values.data_dir or values.executor == "slurm" or values.inception or values.start:
        raise InputError("each setting has images of its own: choose one by --setting")
    for setting in SETTINGS:  # before any of them is trained
        for experiment in _chosen(setting):
            _size(experiment, setting)
    for setting in SETTINGS:
        say(f"setting {setting}")
        with stop_request() as stop:
            code = _run_in_child(setting, stop)
        if stop:
            raise Interrupted(stop.number)
        if code:
            sys.exit(code if code > 0 else 128 - code)  # as shells report a signal


def _run_in_child(setting: str, stop: StopRequest) -> int:
    """This command for one setting; the process ends, and saves, when this one does."""
    command = [sys.executable, *program(), *sys.argv[1:], f"--setting={setting}"]
    environment = {**os.environ, _AS_CHILD: "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as child:
        while child.poll() is None and not stop:
            time.sleep(POLL_SECONDS)
    return child.returncode  # Leaving the block closes the pipe that the child watches.


def _run_setting(setting: str) -> None:
    values = flags.FLAGS
    if os.environ.pop(_AS_CHILD, None):
        stop_with_parent()
    elif not values.as_worker:  # which may be of one of both settings
        size_flags.check_used(_chosen(setting), EXPERIMENTS)
    sizes = {each: _size(each, setting) for each in _chosen(setting)}
    start = starting.chosen()
    lab = lab_flags.open_lab()
    experiments = [each(size, values.seed, setting, start) for each, size in sizes.items()]
    lab.watchers = {gan: c for each in experiments for gan, c in each.watchers().items()}
    specs = _specs(lab, experiments)
    if run.is_job(lab, specs):
        return
    if dry_run.only_planned(lab, experiments):
        return
    index = lab.workdir / "results" / f"index-{values.preset}.html"
    started = time.monotonic()
    trained = run.train(lab, specs, index)
    if trained is None:
        return
    ours = [_report(experiment, lab, trained, started) for experiment in experiments]
    print(f"trained {len(trained)} of {len(specs)}, took {time.monotonic() - started:.0f} s")
    print(f"results: {_write_index(index, lab, ours)}")


def _chosen(setting: str) -> list[type[Experiment]]:
    """The experiments of a setting, or those of them that a flag names."""
    ours = {each.name: each for each in EXPERIMENTS if setting in each.presets}
    names = flags.FLAGS.only or list(ours)
    for name in names:
        if name not in ours:
            raise InputError(f"--only: {name} is no experiment of {setting}: {', '.join(ours)}")
    return [ours[name] for name in ours if name in names]


def _size(experiment: type[Experiment], setting: str) -> Size:
    """A preset's size as the flags change it."""
    values = flags.FLAGS
    try:
        size = size_flags.chosen_size(experiment.presets[setting][values.preset])
    except InputError as error:
        raise InputError(f"{experiment.name}: {error}") from error
    return size.capped(values.most_instances, values.most_iterations)


def _specs(lab: Lab, experiments: list[Experiment]) -> list[Spec]:
    """All that experiments train."""
    return run.all_specs(lab, [spec for each in experiments for spec in each.specs])


def _report(experiment: Experiment, lab: Lab, trained: list[Spec], started: float) -> Path:
    """Writes the report of one experiment; its folder."""
    ours = run.all_specs(lab, experiment.specs)
    this_run = f"trained {len(set(trained) & set(ours))} of {len(ours)} together with others"
    findings, page = write_report(experiment, lab, this_run, started)
    print(f"{experiment.title}\n{findings.summary}\n{page}\n", flush=True)
    return page.parent


def _write_index(index: Path, lab: Lab, ours: list[Path]) -> Path:
    """The page over the reports just written, and those of the other setting."""
    values = flags.FLAGS
    folders = (
        index.parent / report_name(each.name, setting, lab)
        for setting in SETTINGS
        if setting != values.setting
        for each in EXPERIMENTS
    )
    others = [folder for folder in folders if (folder / "report.json").exists()]
    first = values.setting == next(iter(SETTINGS))
    reports = [*ours, *others] if first else [*others, *ours]
    title = f"GAN knowledge gaps: the paper's results at the preset {values.preset}"
    return write_index(index, title, reports, {"preset": values.preset, "data": lab.dataset.name})


if __name__ == "__main__":
    main()
