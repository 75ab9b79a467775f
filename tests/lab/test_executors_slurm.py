"""The Slurm executor without a Slurm: what it asks sbatch for, and what a job does on a notice.

Instead of Slurm's commands there are scripts that note what they were given. tests/slurm has the
same on a real Slurm.
"""

import dataclasses
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from gan_knowledge_gaps.data import InputError, load
from gan_knowledge_gaps.experiments.generalization import Generalization
from gan_knowledge_gaps.lab.config import presets
from gan_knowledge_gaps.lab.executors import queue as queue_module
from gan_knowledge_gaps.lab.executors import slurm as slurm_module
from gan_knowledge_gaps.lab.executors.graph import Job
from gan_knowledge_gaps.lab.executors.queue import Queue
from gan_knowledge_gaps.lab.executors.slurm import Slurm, SlurmConfig
from gan_knowledge_gaps.lab.executors.slurm_job import Command
from gan_knowledge_gaps.lab.lab import Lab
from gan_knowledge_gaps.lab.run import with_key
from gan_knowledge_gaps.lab.specs import GAN, Classifier, in_order

G0, G1 = GAN(0), GAN(1)
C0 = Classifier(0, [G0])
C1 = Classifier(1, [G0, G1])
# sbatch numbers the jobs from 1 and keeps their scripts; squeue has those whose file is there.
_SBATCH = """#!/bin/sh
number=$(( $(ls {folder}/submitted | wc -l) + 1 ))
cp "$1" {folder}/submitted/$number
name=$(sed -n 's/^#SBATCH --job-name=//p' "$1")
[ -n "$name" ] && echo "$number|$name" > {folder}/queue/$number
echo "Submitted batch job $number"
"""
_SQUEUE = """#!/bin/sh
case "$*" in *%T*) echo "7|$(cat {folder}/state)";; *) cat {folder}/queue/* 2>/dev/null;; esac
true
"""
_SCONTROL = """#!/bin/sh
echo "$*" >> {folder}/scontrol
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch) -> Path:
    """A folder with `submitted/`, `queue/` and `state`, behind stand-ins of Slurm's commands."""
    folder = tmp_path / "slurm"
    for name in ("bin", "submitted", "queue"):
        (folder / name).mkdir(parents=True)
    scripts = {"sbatch": _SBATCH, "squeue": _SQUEUE, "scontrol": _SCONTROL, "srun": "#!/bin/sh\n"}
    for name, text in scripts.items():
        path = folder / "bin" / name
        path.write_text(text.format(folder=shlex.quote(str(folder))))
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return folder


def options(slurm: Path, number: str) -> dict[str, str]:
    """What sbatch was asked for."""
    lines = re.findall("^#SBATCH --(.*)$", (slurm / "submitted" / number).read_text(), re.M)
    pairs = (shlex.split(line)[0].partition("=") for line in lines)
    return {name: value for name, _, value in pairs}


def names(slurm: Path) -> dict[str, str]:
    """The number of the last job of each name."""
    numbers = sorted((path.name for path in (slurm / "submitted").iterdir()), key=int)
    return {options(slurm, number)["job-name"]: number for number in numbers}


class TestQueueing:
    """What is queued, in which order, and what is not queued again."""

    @pytest.fixture(autouse=True)
    def need_submitit(self, monkeypatch):
        pytest.importorskip("submitit", reason="pip install submitit")
        monkeypatch.setattr(sys, "argv", ["experiment", "--flag=1", "--executor=slurm"])
        monkeypatch.setattr(slurm_module, "program", lambda: ["-m", "experiments.running"])

    @pytest.fixture
    def train(self, lab, tmp_path):
        def train(*specs, config=None):
            executor = Slurm(config or SlurmConfig())
            assert executor.train(lab, list(specs), tmp_path / "results") is None

        return train

    def test_each_job_comes_after_those_it_needs(self, slurm, lab, train):
        train(C0, C1)
        number = names(slurm)
        report = next(number[name] for name in number if name.startswith("report-"))
        expected = {
            number[lab.key(G0)]: set(),
            number[lab.key(G1)]: set(),
            number[lab.key(C0)]: {number[lab.key(G0)]},
            number[lab.key(C1)]: {number[lab.key(G0)], number[lab.key(G1)]},
            report: {number[lab.key(C0)], number[lab.key(C1)]},
        }
        after = {each: options(slurm, each).get("dependency", "afterok") for each in expected}
        assert {each: set(text.split(":")[1:]) for each, text in after.items()} == expected
        assert all(text.split(":")[0] == "afterok" for text in after.values())
        for each in expected:
            assert options(slurm, each)["kill-on-invalid-dep"] == "yes"
            assert "requeue" in options(slurm, each)
            assert options(slurm, each)["signal"].startswith("USR2@")

    def test_a_job_gets_what_was_asked_for(self, slurm, lab, train):
        config = SlurmConfig(
            partition="gpus", gpus=2, cpus=6, mem=1.5, time=90,
            extra="account='a b' signal=USR2@300 exclusive",
        )  # fmt: skip
        train(G0, config=config)
        number = names(slurm)[lab.key(G0)]
        given = options(slurm, number)
        assert given["partition"] == "gpus" and given["gpus-per-node"] == "2"
        assert given["cpus-per-task"] == "6" and given["mem"] == "1536M" and given["time"] == "90"
        assert given["account"] == "a b" and given["signal"] == "USR2@300"
        assert given["exclusive"] == ""
        (step,) = re.findall("^srun .*$", (slurm / "submitted" / number).read_text(), re.M)
        assert "--cpus-per-task=6" in step

    def test_what_is_queued_is_not_queued_again(self, slurm, lab, train, capsys):
        train(C0, C1)
        train(C0, C1)
        assert len(names(slurm)) == len(list((slurm / "submitted").iterdir())) == 5
        assert capsys.readouterr().out.count("queued before") == 5

    def test_another_experiment_waits_for_the_jobs_that_are_there(self, slurm, lab, train):
        train(C0)
        train(Classifier(9, [G0]))
        number = names(slurm)
        other = number[lab.key(Classifier(9, [G0]))]
        assert options(slurm, other)["dependency"] == f"afterok:{number[lab.key(G0)]}"

    def test_after_a_failure_it_and_what_came_after_it_are_queued_again(self, slurm, lab, train):
        train(C0, C1)
        first = names(slurm)
        # Slurm has not yet cancelled the jobs that wait for this one.
        (slurm / "queue" / first[lab.key(G1)]).unlink()
        train(C0, C1)
        second = names(slurm)
        again = {name for name in second if second[name] != first[name]}
        report = {name for name in first if name.startswith("report-")}
        assert again == {lab.key(G1), lab.key(C1)} | report
        (report,) = report
        assert options(slurm, second[report])["dependency"] in (
            f"afterok:{second[lab.key(C0)]}:{second[lab.key(C1)]}",
        )

    @pytest.mark.long
    def test_what_is_trained_gets_no_job(self, slurm, lab, train):
        lab.train([G0])
        train(C0)
        assert lab.key(G0) not in names(slurm)
        assert "dependency" not in options(slurm, names(slurm)[lab.key(C0)])

    def test_a_refusal_is_one_line_and_what_was_queued_stays(self, slurm, lab, train):
        sbatch = (slurm / "bin" / "sbatch").read_text()
        refusal = 'ls {0}/1 >/dev/null 2>&1 && {{ echo "sbatch: error: no" >&2; exit 1; }}\n'
        head, rest = sbatch.split("\n", 1)
        (slurm / "bin" / "sbatch").write_text(
            f"{head}\n{refusal.format(slurm / 'submitted')}{rest}"
        )
        with pytest.raises(InputError, match=r"Slurm refuses a job: .*sbatch: error: no"):
            train(C0)
        (slurm / "bin" / "sbatch").write_text(sbatch)
        train(C0)
        assert names(slurm)[lab.key(G0)] == "1"

    def test_without_submitit_it_says_how_to_install_it(self, slurm, monkeypatch):
        monkeypatch.setitem(sys.modules, "submitit", None)
        with pytest.raises(InputError, match=r"pip install -e '\.\[slurm\]'"):
            Slurm(SlurmConfig())


class TestQueue:
    """Which of the remembered jobs Slurm still has."""

    def test_a_job_is_known_by_number_and_name(self, slurm, tmp_path):
        queue = Queue(tmp_path / "jobs")
        queue.remember("gan-a", Job("3"))
        queue.remember("gan-b", Job("4", ("3",)))
        queue.remember("gan-c", Job("5"))
        (slurm / "queue" / "list").write_text("3|gan-a\n4|gan-b\n5|somebody's\n6|gan-a|b\n")
        assert queue.queued() == {"gan-a": Job("3"), "gan-b": Job("4", ("3",))}

    def test_a_damaged_file_is_named(self, slurm, tmp_path):
        queue = Queue(tmp_path / "jobs")
        (tmp_path / "jobs" / "gan-a.json").write_text("{")
        with pytest.raises(InputError, match=r"gan-a\.json is damaged"):
            queue.queued()

    def test_the_state_of_a_job(self, slurm):
        (slurm / "state").write_text("RUNNING")
        assert queue_module.state("7") == "RUNNING"
        assert queue_module.state("8") == ""

    def test_a_slurm_that_does_not_answer_is_one_line(self, slurm, tmp_path):
        (slurm / "bin" / "squeue").write_text("#!/bin/sh\necho 'no\nanswer' >&2\nexit 1\n")
        with pytest.raises(InputError, match="Slurm does not answer: no answer"):
            Queue(tmp_path / "jobs").queued()

    def test_no_slurm_is_one_line(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(InputError, match="there is no Slurm here"):
            Queue(tmp_path / "jobs").queued()
        with pytest.raises(InputError, match="there is no Slurm here"):
            Slurm(SlurmConfig())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cpus": 0}, "cpus is 0; it must be at least 1"),
        ({"time": 0}, "time is 0"),
        ({"extra": "=x"}, "must be like name=value"),
        ({"extra": "Account=x"}, "must be like name=value"),
        ({"extra": "a='"}, "No closing quotation"),
        ({"extra": "dependency=afterany:3"}, "extra sets dependency"),
    ],
)
def test_what_no_job_can_be_asked_for(given, message):
    with pytest.raises(InputError, match=message):
        SlurmConfig(**given)


class TestCommand:
    """What a job makes of the exit code of its command."""

    @pytest.fixture
    def handled(self, monkeypatch):
        """The notices that reach the handler that submitit would have set."""
        numbers = []
        before = signal.signal(signal.SIGUSR2, lambda number, frame: numbers.append(number))
        yield numbers
        signal.signal(signal.SIGUSR2, before)

    @pytest.fixture
    def end(self, slurm, monkeypatch):
        monkeypatch.setenv("SLURM_JOB_ID", "7")

        def end(code: int, state: str = "RUNNING") -> int:
            (slurm / "state").write_text(state)
            monkeypatch.setattr(Command, "_run", lambda self: code)
            try:
                Command((), ())()
            except SystemExit as ended:
                return ended.code
            return 0

        return end

    def test_a_notice_that_a_training_caught_is_passed_on(self, end, handled):
        end(128 + signal.SIGUSR2)
        assert handled == [signal.SIGUSR2]

    @pytest.mark.parametrize("state", ["RUNNING", "SIGNALING"])
    def test_sigterm_is_a_notice_if_slurm_still_lets_the_job_run(self, end, handled, state):
        end(143, state)
        assert handled == [signal.SIGUSR2]

    def test_sigterm_of_a_cancelled_job_is_none(self, end, handled):
        assert end(143, "COMPLETING") == 143
        assert handled == []

    @pytest.mark.parametrize("code", [0, 1, 2, 130])
    def test_any_other_code_is_the_jobs(self, end, handled, code):
        assert end(code) == code
        assert handled == []


def test_a_job_trains_nothing_but_what_it_was_queued_for(lab):
    assert with_key(lab.key(C0), [G0, C0], lab) == C0
    with pytest.raises(InputError, match="gan-0"):
        with_key("gan-0", [G0, C0], lab)


@pytest.mark.long
def test_a_job_saves_on_a_notice_is_queued_again_and_goes_on(slurm, images, tmp_path):
    """As submitit starts it, in a process that believes to be Slurm's job 7."""
    pytest.importorskip("submitit", reason="pip install submitit")
    from submitit.core.utils import DelayedSubmission

    arguments = (
        "--dataset=folder", f"--data_dir={images}", f"--workdir={tmp_path}/runs",
        "--gan_width=0.0625", "--gan_batch_size=8", "--gan_epochs=2", "--executor=slurm",
    )  # fmt: skip
    key = key_of_first_gan(images, tmp_path / "runs")
    program = ("-m", "experiments.generalization")
    job = DelayedSubmission(Command(program, (*arguments, f"--train_artifact={key}")))
    job.set_timeout(60, 3)
    job.dump(tmp_path / "7_submitted.pkl")
    artifact = tmp_path / "runs" / "artifacts" / key

    def start() -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "submitit.core._submit", str(tmp_path)],
            env={**os.environ, "SLURM_JOB_ID": "7", "SUBMITIT_EXECUTOR": "slurm"},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    process = start()
    deadline = time.monotonic() + 240
    # Before its first step: compiling that takes longer than to be seen here.
    while not (artifact / "metrics.jsonl").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGUSR2)
    _, said = process.communicate(timeout=240)
    assert "stopped at step 1 of 8, checkpoint saved" in said, said
    assert process.returncode == 255  # With which submitit leaves a job that it queued again.
    assert (slurm / "scontrol").read_text() == "requeue 7\n"
    process = start()
    _, said = process.communicate(timeout=240)
    assert process.returncode == 0 and "resuming at step 1" in said, said
    lines = (artifact / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [8]
    assert (artifact / "DONE.json").exists()


def key_of_first_gan(images: Path, workdir: Path) -> str:
    """As the command of the test above computes it from its flags."""
    preset = presets("dcgan")["quick"]
    gan = dataclasses.replace(preset.parts["gan"], width=0.0625, batch_size=8, epochs=2)
    dataset = load("folder", images, resolution=28, channels=1)
    config = preset.with_parts({**preset.parts, "gan": gan})
    lab = Lab(workdir, dataset, config, quality=SimpleNamespace(spec=None))
    specs = in_order(Generalization(Generalization.presets["dcgan"]["quick"]).specs)
    return lab.key(next(spec for spec in specs if isinstance(spec, GAN)))
