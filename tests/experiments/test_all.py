"""`experiments.all`: one run for all experiments, and a page over their reports."""

import dataclasses
import json
import subprocess
from pathlib import Path

import commands
import pytest
from test_command_line import TINY

from gan_knowledge_gaps.experiments.catalog import EXPERIMENTS

SCRIPT = Path(__file__).with_name("all_tiny.py")


def run(*arguments: str) -> subprocess.CompletedProcess:
    return commands.run(SCRIPT, *arguments)


@pytest.mark.long
def test_all_of_a_setting_are_trained_once_and_lead_to_one_page(images, tmp_path):
    arguments = (
        "--setting=dcgan", "--dataset=folder", f"--data_dir={images}", f"--workdir={tmp_path}",
        *TINY,
    )  # fmt: skip
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    # Two GANs, a classifier of each; the classifiers of both experiments are the same.
    assert "trained 4 of 4" in done.stdout
    reports = sorted((tmp_path / "results").glob("*/report.json"))
    assert [json.loads(each.read_text())["name"] for each in reports] == [
        "generalization", "iterations",
    ]  # fmt: skip
    page = (tmp_path / "results" / "index-quick.html").read_text()
    for report in reports:
        assert f'href="{report.parent.name}/index.html"' in page
    again = run(*arguments)
    assert "trained 0 of 4" in again.stdout, again.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data_dir=x"], "choose one by --setting"),
        (["--dry_run", "--seconds_per_kimg=1"], "choose one by --setting"),
        (["--setting=dcgan", "--seconds_per_kimg=1"], "goes with --dry_run"),
        (["--budget_hours=1"], "choose one by --setting"),
        (["--setting=dcgan", "--devices=2"], "--devices goes with --budget_hours"),
        (["--setting=dcgan", "--only=truncation"], "--only: truncation is no experiment of dcgan"),
        (["--setting=dcgan", "--results=x"], "--results is for a single experiment"),
        (["--experiment_gans=10001"], "iterations: --experiment_gans is 10001"),
    ],
)
def test_what_cannot_be_for_both_is_refused(arguments, message):
    done = run(*arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert message in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--setting=dcgan", "--experiment_psi=0.7"], "--experiment_psi goes with truncation"),
        (
            ["--setting=stylegan2", "--only=truncation", "--experiment_phi=1"],
            "--experiment_phi goes with iterations, memoryless",
        ),
        # Of the second setting, before the first is trained.
        (
            ["--preset=reduced", "--experiment_gans=1"],
            "finetuning: --experiment_finetuned_gans is 2; it must be at most 1",
        ),
    ],
)
def test_a_size_is_checked_for_all_experiments_before_any(arguments, message, tmp_path):
    done = commands.run("-m", "experiments.all", f"--workdir={tmp_path / 'runs'}", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert message in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_flag_of_several_sizes_is_of_one_type():
    kinds = {
        (field.name, str(field.type))
        for each in EXPERIMENTS
        for presets in each.presets.values()
        for field in dataclasses.fields(presets["quick"])
    }
    assert len(kinds) == len(dict(kinds)) > 15


@pytest.mark.long
def test_a_dry_run_tells_what_the_plan_and_each_experiment_take(tmp_path):
    done = run(
        "--setting=dcgan", "--planned_images=100", f"--workdir={tmp_path}", "--dry_run",
        "--seconds_per_kimg=3600", "--experiment_held_out_gans=2", *TINY,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # Three GANs, classifiers of the first and of the two held-out ones, and of digits.
    assert "6 to train, 0 to derive from them, 0 done" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    gans = next(row for row in rows if row[1:] and row[-1] == "dcgan")
    # An epoch of 80 images, of which 1,000 take an hour.
    assert gans[:1] == ["3"] and gans[3:5] == ["4.8", "minutes"]
    assert [row[0] for row in rows[-2:]] == ["generalization", "iterations"]
    assert not list(tmp_path.iterdir())
