"""The Slurm executor on a real Slurm, which these tests start.

    GAPS_SLURM=1 python -m pytest tests/slurm

They take minutes, and are skipped where it was not asked for, or where there can be no Slurm.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from slurm import cluster

TINY = (
    "--dataset=folder", "--gan_width=0.0625", "--gan_batch_size=8", "--classifier_epochs=1",
    "--classifier_batch_size=8", "--experiment_largest_pool=1", "--experiment_held_out_gans=1",
    "--experiment_classifiers=1",
)  # fmt: skip
SLURM = ("--executor=slurm", "--slurm_partition=low", "--slurm_cpus=1", "--slurm_time=60")
SECONDS = 600


def reason_to_skip() -> str | None:
    if not os.environ.get("GAPS_SLURM"):
        return "set GAPS_SLURM=1 to start a Slurm and train on it"
    if importlib.util.find_spec("submitit") is None:
        return "no submitit: pip install submitit"
    return cluster.reason_to_skip()


pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(reason_to_skip() is not None, reason=str(reason_to_skip())),
]


@pytest.fixture(scope="module", autouse=True)
def slurm():
    with cluster.running():
        yield


def run(images: Path, workdir: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [
        sys.executable, "-m", "experiments.generalization", f"--data_dir={images}",
        f"--workdir={workdir}", *TINY, *arguments,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)


def queued(images: Path, workdir: Path, *arguments: str) -> dict[str, str]:
    """The number of each job by the name of what it makes, as the command prints them."""
    done = run(images, workdir, *SLURM, *arguments)
    assert done.returncode == 0, done.stderr
    lines = [line.split("  ") for line in done.stdout.splitlines()]
    return {name: job.removeprefix("job ") for job, _, name, *_ in lines}


def states(workdir: Path) -> dict[str, str]:
    """The trained state of each artifact."""
    manifests = workdir.glob("artifacts/*/DONE.json")
    return {path.parent.name: json.loads(path.read_text())["state_sha256"] for path in manifests}


def check_steps(workdir: Path) -> None:
    """No step of any training was logged twice."""
    for metrics in workdir.glob("artifacts/*/metrics.jsonl"):
        steps = [json.loads(line)["step"] for line in metrics.read_text().splitlines()]
        assert steps == sorted(set(steps))


def test_all_is_queued_at_once_trained_once_and_reported(images, tmp_path):
    jobs = queued(images, tmp_path / "slurm")
    assert len(jobs) == 4  # Two GANs, a classifier, and the report.
    again = queued(images, tmp_path / "slurm")
    assert again.items() <= jobs.items()  # What is queued is not queued again.
    assert any(name.startswith("report-") for name in again)
    cluster.wait_for_jobs(SECONDS)
    (report,) = (tmp_path / "slurm" / "results").glob("*/report.json")
    assert "trained 0 of 3" in json.loads(report.read_text())["configuration"]["this run"]
    check_steps(tmp_path / "slurm")
    assert run(images, tmp_path / "here").returncode == 0
    assert states(tmp_path / "slurm") == states(tmp_path / "here")
    assert len(states(tmp_path / "here")) == 3


def test_what_is_stopped_goes_on_to_the_same_bits(images, tmp_path):
    longer = "--gan_epochs=150"
    jobs = queued(images, tmp_path / "slurm", longer)
    gans = sorted((name, job) for name, job in jobs.items() if name.startswith("gan-"))
    (noticed, first), (_, second) = gans
    for name, _ in gans:
        wait_for_steps(tmp_path / "slurm" / "artifacts" / name)
    # One is told that its time is up; then the other's place is taken by a job that matters more.
    cluster.slurm("scancel", "--signal=USR2", first)
    wait_for_checkpoint(tmp_path / "slurm" / "artifacts" / noticed)
    cluster.slurm("sbatch", "--partition=high", "--cpus-per-task=4", "--wrap=sleep 1")
    cluster.wait_for_jobs(SECONDS)
    for _, job in gans:
        log = (tmp_path / "slurm" / "slurm" / f"{job}_0_log.err").read_text()
        assert "checkpoint saved" in log and "resuming at step" in log, log
        assert int(cluster.detail(job, "Restarts")) >= 1
    assert cluster.detail(second, "JobState") == "COMPLETED"
    assert list((tmp_path / "slurm" / "results").glob("*/report.json"))
    check_steps(tmp_path / "slurm")
    assert run(images, tmp_path / "here", longer).returncode == 0
    assert states(tmp_path / "slurm") == states(tmp_path / "here")


def wait_for_steps(artifact: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while not (artifact / "metrics.jsonl").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def wait_for_checkpoint(artifact: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while not list(artifact.glob("checkpoints/step-*")):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_failure_cancels_what_comes_after_it(images, tmp_path):
    failing = ("--gan_generator_learning_rate=1e38", "--wait")
    done = run(images, tmp_path, *SLURM, *failing)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith("error: 3 of 3 jobs failed or were cancelled, that of GAN(")
    (log,) = [word for word in line.split() if word.endswith("_0_log.err;")]
    assert "error: GAN(" in Path(log.rstrip(";")).read_text()
    assert not cluster.jobs() and not (tmp_path / "results").exists()
    again = run(images, tmp_path, *SLURM, *failing)  # All three are queued again.
    assert again.stdout.count("job ") == 3 and "queued before" not in again.stdout
