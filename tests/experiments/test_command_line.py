"""The experiments as people run them: as commands, in processes of their own."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import commands
import pytest

from gan_knowledge_gaps.experiments.running import artifact_links
from gan_knowledge_gaps.lab.specs import GAN
from gan_knowledge_gaps.lab.store.plans import read_plans
from gan_knowledge_gaps.lab.store.progress import progress_of

# The smallest trainings that exercise everything: seconds in all, images worth nothing.
TINY = (
    "--gan_width=0.0625", "--gan_epochs=1", "--gan_batch_size=8", "--classifier_epochs=1",
    "--classifier_batch_size=8", "--digits_epochs=1",
)  # fmt: skip
SEQUENCE = (
    "--experiment_iterations=2", "--experiment_gans=1", "--experiment_held_out_gans=1",
    "--experiment_held_out_classifiers=1",
)  # fmt: skip


def run(script: str, *arguments: str) -> subprocess.CompletedProcess:
    return commands.run("-m", f"experiments.{script}", *arguments)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory) -> Path:
    """A workdir that the experiments of this file share."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def common(images, workdir) -> tuple[str, ...]:
    return ("--dataset=folder", f"--data_dir={images}", f"--workdir={workdir}", *TINY)


@pytest.fixture(scope="module")
def iterations(common) -> subprocess.CompletedProcess:
    return run("iterations", *common, *SEQUENCE, "--profile=1")


def results(workdir: Path, script: str) -> Path:
    (folder,) = (workdir / "results").glob(f"{script}-dcgan-quick-folder-*")  # No preset: a suffix
    return folder


def check_results(folder: Path, table: str) -> None:
    """Everything that a script promises to write is there and can be read."""
    report = json.loads((folder / "report.json").read_text())
    assert report["configuration"]["gan"]["width"] == 0.0625
    assert report["provenance"] and report["seeds"] and report["versions"]["keras"]
    for suffix in ("csv", "json", "md"):
        assert (folder / f"{table}.{suffix}").stat().st_size > 50
    assert list(folder.glob("samples-*.png"))
    page = (folder / "index.html").read_text()
    assert "data:image/png;base64," in page and report["title"].split(":")[0] in page


@pytest.mark.long
def test_iterations_writes_its_results(iterations, workdir):
    assert iterations.returncode == 0, iterations.stderr
    check_results(results(workdir, "iterations"), "detection")
    assert (results(workdir, "iterations") / "detection.png").exists()
    assert "Held-out classifiers" in iterations.stdout
    assert "0.03±0.00" in iterations.stdout  # The paper's number beside ours.
    # Four GANs and four classifiers, less the classifier in the loss that nobody has to fool.
    assert "trained 8 of 8" in iterations.stdout
    assert len(list(workdir.glob("artifacts/*/profile/plugins/profile/*/*.xplane.pb"))) == 8
    (plan,) = read_plans(workdir)
    assert "experiments.iterations" in plan.command and len(plan.values) == 8
    assert {progress_of(workdir, each).state for each in plan.values} == {"done"}
    page = results(workdir, "iterations") / "index.html"
    links = set(re.findall(r'href="(\.\./[^"]+)"', page.read_text()))
    folders = {(page.parent / each).resolve() for each in links}
    assert len(folders) == 8 and folders <= set(workdir.glob("artifacts/*"))


def test_a_page_elsewhere_leads_to_no_artifact(lab, tmp_path):
    gan = GAN(0)
    assert artifact_links(lab, [gan], lab.workdir / "results" / "it") == {
        lab.key(gan): f"../../artifacts/{lab.key(gan)}"
    }
    assert artifact_links(lab, [gan], tmp_path / "committed") == {}


@pytest.mark.long
def test_a_second_run_trains_nothing(iterations, common, workdir):
    before = (results(workdir, "iterations") / "detection.csv").read_bytes()
    again = run("iterations", *common, *SEQUENCE)
    assert "trained 0 of" in again.stdout, again.stderr
    assert (results(workdir, "iterations") / "detection.csv").read_bytes() == before


@pytest.mark.long
def test_memoryless_shares_all_artifacts_of_two_iterations(iterations, common, workdir):
    done = run("memoryless", *common, *SEQUENCE)
    assert "trained 0 of" in done.stdout, done.stderr
    check_results(results(workdir, "memoryless"), "detection")


@pytest.mark.long
def test_generalization_shares_the_base_gans(iterations, common, workdir):
    done = run(
        "generalization", *common, "--experiment_largest_pool=1", "--experiment_held_out_gans=1",
        "--experiment_classifiers=1",
    )  # fmt: skip
    assert "trained 0 of" in done.stdout, done.stderr  # n = 1 is iteration 0's classifier.
    check_results(results(workdir, "generalization"), "generalization")


@pytest.mark.long
def test_coefficient_sweep_trains_one_gan_per_phi(iterations, common, workdir):
    done = run(
        "coefficient_sweep", *common, "--experiment_lowest_exponent=0",
        "--experiment_highest_exponent=1", "--experiment_exponent_step=1", "--experiment_gans=1",
        "--experiment_held_out_gans=1", "--experiment_held_out_classifiers=1",
        "--experiment_fooling_gans=1",
    )  # fmt: skip
    assert "trained 1 of" in done.stdout, done.stderr  # phi = 1 is iteration 1's GAN.
    check_results(results(workdir, "coefficient_sweep"), "coefficient_sweep")


@pytest.mark.long
def test_digits_are_judged_by_a_digit_classifier(tmp_path):
    done = run(
        "iterations", f"--workdir={tmp_path}", *TINY[:2], "--gan_batch_size=200",
        "--classifier_epochs=1", "--digits_epochs=1", "--experiment_iterations=1",
        "--experiment_gans=1", "--experiment_held_out_gans=1",
        "--experiment_held_out_classifiers=1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = json.loads(next(tmp_path.glob("results/*/quality.json")).read_text())
    assert "Fréchet distance (digit classifier)" in json.dumps(table, ensure_ascii=False)
    assert "natural training images are at" in json.dumps(table)
    assert len(list(tmp_path.glob("artifacts/digits-*"))) == 1


@pytest.mark.long
def test_a_dry_run_trains_nothing_and_tells_how_long_it_would_take(tmp_path):
    done = run(
        "iterations", "--planned_images=100", f"--workdir={tmp_path}", *TINY, *SEQUENCE,
        "--dry_run", "--seconds_per_kimg=3600",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "in 4 trainings of kind gan" in done.stdout
    # 80 natural images, shown with 80 generated ones; the digit classifier with the eight.
    assert "160 images  classifier-" in done.stdout
    assert "9 to train, 0 of 9 done already" in done.stdout
    assert "9 to train, 0 to derive from them, 0 done" in done.stdout
    # An epoch of 80 images, of which 1,000 take an hour.
    (gans,) = (line.split() for line in done.stdout.splitlines() if line.endswith("  dcgan"))
    assert gans[:1] + gans[3:7] == ["2", "4.8", "minutes", "9.6", "minutes"]
    assert "device-hours\n" in done.stdout and "alone" not in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--no_such_flag=1"], "no_such_flag"),
        (["--planned_images=100"], "--planned_images goes with --dry_run"),
        (["--dataset=folder", "--data_dir=/nowhere"], "/nowhere"),
        (["--classifier_batch_size=3"], "--classifier_batch_size is 3"),
        (
            ["--setting=stylegan2", "--cpu_replicas=2", "--training_batch_size=10", "--dry_run"],
            "training_batch_size is 10",
        ),
        (
            ["--setting=stylegan2", "--network_resolution=1099511627776", "--dry_run"],
            "GB of memory",
        ),
        (["--experiment_gans=1000000"], "at most 10,000"),
        (["--seconds_per_kimg=1"], "goes with --dry_run or --budget_hours"),
        (
            [
                "--setting=stylegan2",
                "--noclassifier_enlarge",
                "--experiment_architecture=inception_v3",
            ],
            "at least 75x75, not 8x8; --classifier_enlarge",
        ),
        (["--workdir=/dev/null/runs"], "/dev/null/runs"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    done = run("iterations", f"--workdir={tmp_path}/runs", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
    assert message in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.long
def test_stopped_by_ctrl_c_it_saves_and_resumes(images, tmp_path):
    arguments = [
        "iterations", "--dataset=folder", f"--data_dir={images}", f"--workdir={tmp_path}", *TINY,
        "--gan_epochs=100", *SEQUENCE, "--experiment_iterations=1",
    ]  # fmt: skip
    process = commands.start("-m", f"experiments.{arguments[0]}", *arguments[1:])
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("artifacts/gan-*/metrics.jsonl")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "checkpoint saved" in said and "the same command resumes" in said
    assert "Traceback" not in said
    resumed = run(*arguments)
    assert resumed.returncode == 0, resumed.stderr
    assert "resuming at step" in resumed.stderr


@pytest.mark.long
def test_two_processes_side_by_side_train_nothing_twice(images, tmp_path):
    arguments = [
        "--dataset=folder", f"--data_dir={images}", f"--workdir={tmp_path}", *TINY, *SEQUENCE,
        "--experiment_iterations=1",
    ]  # fmt: skip
    both = [commands.start("-m", "experiments.iterations", *arguments) for _ in range(2)]
    for process in both:
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said
    for metrics in tmp_path.glob("artifacts/*/metrics.jsonl"):
        steps = [json.loads(line)["step"] for line in metrics.read_text().splitlines()]
        assert steps == sorted(set(steps))
    assert len(list(tmp_path.glob("artifacts/*/DONE.json"))) == 4
