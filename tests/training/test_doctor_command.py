"""python -m training.doctor, as it is typed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.training.doctor import command_line
from gan_knowledge_gaps.training.doctor.check import Check, problem

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "training.doctor"]


@pytest.mark.long
def test_the_whole_of_it(tmp_path):
    data = tmp_path / "pictures"
    data.mkdir()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(data / "0.png")
    flags = [f"--workdir={tmp_path}/runs", f"--data={data}", f"--json={tmp_path}/found.json"]
    done = subprocess.run(
        [*COMMAND, *flags], cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
    )  # fmt: skip
    report = json.loads((tmp_path / "found.json").read_text())
    assert done.returncode == int(report["problems"] > 0), done.stdout
    status = {each["name"]: each["status"] for each in report["checks"]}
    # These do not depend on how much of the machine is free.
    sure = ["Packages", "TensorFlow", "Arithmetic", "Replicas"]
    sure += ["Determinism", "Writing", "Renaming", "Locking", "Data", "Pictures", "JPEG"]
    assert [name for name in sure if status[name] != "ok"] == [], done.stdout
    seen = {"Project", "Environment", "Keras' settings", "Cores", "Instructions", "Memory", "Disk"}
    assert seen | {"File system", "GPUs", "Custom operations"} <= set(status)
    if shutil.which("g++"):
        operations = [x for x in report["checks"] if x["name"] == "Custom operations"]
        assert [each["status"] for each in operations] == ["ok", "ok"], done.stdout
    printed = done.stdout.splitlines()
    for each in report["checks"]:
        assert any(each["name"] in line and each["found"] in line for line in printed)
    *_, last = printed
    assert last.endswith(f"{report['problems']} problem" + "s" * (report["problems"] != 1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.json", "pictures"]
    assert "... starting TensorFlow" in done.stderr.splitlines()
    assert "Traceback" not in done.stdout + done.stderr


def call(
    *arguments: str,
    main: str = "from gan_knowledge_gaps.training.doctor.__main__ import _start as main",
):
    """The command in a process of its own, with other checks where `main` says so."""
    code = f"import sys; {main}; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--workdri=x", "workdri"),
        ("x", "unexpected argument 'x'"),
        ("--json=/nowhere/at/all.json", "cannot be written: No such file or directory"),
        ("--json=.", "is a folder"),
    ],
)
def test_wrong_flags_are_one_line_and_exit_code_2(argument, said):
    done = call(argument)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert said in line


MADE_UP = """
from gan_knowledge_gaps.training.doctor import command_line
from gan_knowledge_gaps.training.doctor.check import Check
def made_up(folder, data):
    yield Check("Disk", "full of room")
    yield Check("Cores", "few", "buy more")
    {then}
command_line.examine = made_up
main = command_line.main
"""


@pytest.mark.parametrize(
    ("then", "code", "last", "stderr"),
    [
        ("", 0, "1 ok, 1 warning, 0 problems", ""),
        ("yield Check('Python', 'is 2.7', 'get another', True)", 1,
         "1 ok, 1 warning, 1 problem", ""),
        ("import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", 143,
         None, ""),
        ("raise KeyboardInterrupt", 130, None, "stopped; the same command starts again\n"),
    ],
)  # fmt: skip
def test_only_a_problem_makes_the_exit_code_1(then, code, last, stderr, tmp_path):
    done = call(f"--json={tmp_path}/j", main=f"exec({MADE_UP.format(then=then)!r})")
    assert (done.returncode, done.stderr) == (code, stderr)
    first, second, advice, *rest = done.stdout.splitlines()
    assert first.split() == ["ok", "Disk", "full", "of", "room"]
    assert advice.split() == ["what", "to", "do:", "buy", "more"]
    assert second.index("few") == advice.index("buy more")  # columns line up
    if last is not None:
        assert rest[-1] == last
        report = json.loads((tmp_path / "j").read_text())
        assert (report["warnings"], report["problems"]) == (1, code)
        cores = {"name": "Cores", "status": "warning", "found": "few", "advice": "buy more"}
        assert report["checks"][1] == cores


def test_nothing_goes_on_behind_a_tensorflow_that_does_not_start(monkeypatch, tmp_path):
    called = []

    def run(child):
        called.append(child.module)
        return [problem(child.name, "crashed by SIGILL", "another machine")]

    monkeypatch.setattr(command_line.Child, "run", run)
    *_, last = command_line.examine(tmp_path, None)
    assert called == ["gan_knowledge_gaps.training.doctor.devices"]
    assert (last.name, last.status) == ("All else", "warning")


@pytest.mark.parametrize("has_driver", [False, True])
def test_gpus_train_where_there_is_a_driver(has_driver, monkeypatch, tmp_path):
    called = []

    def run(child):
        called.append((child.name, *child.arguments))
        return [Check(child.name, "well")]

    monkeypatch.setattr(command_line.Child, "run", run)
    monkeypatch.setattr(command_line.shutil, "which", lambda name: "here" if has_driver else None)
    list(command_line.examine(tmp_path, None))
    assert (("Replicas", "GPU") in called) == has_driver
    assert {("Custom operations",), ("Precision",)} <= set(called)


def test_without_its_packages_it_says_what_to_install(tmp_path):
    # A Python that has the standard library only.
    done = subprocess.run(
        [sys.executable, "-S", "-m", "training.doctor"], cwd=ROOT, capture_output=True, text=True,
        timeout=60, check=False, env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("PROBLEM  the package ")
    assert "pip install -e '.[cpu]'" in done.stdout


def test_the_doctor_itself_starts_no_tensorflow():
    """Which may be missing, or crash."""
    code = "import sys; from gan_knowledge_gaps.training.doctor import command_line\n"
    code += "print('tensorflow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
