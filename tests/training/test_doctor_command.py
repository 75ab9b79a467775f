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

from training.doctor import command_line, examination
from training.doctor.finding import ok, problem, warning
from training.doctor.listing import lines, summary

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "training.doctor"]


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
    status = {each["check"]: each["status"] for each in report["findings"]}
    # These do not depend on how much of the machine is free.
    sure = ["Python", "Packages", "TensorFlow's wheel", "TensorFlow", "Arithmetic", "Replicas"]
    sure += ["Determinism", "Writing", "Renaming", "Locking", "Data", "Pictures", "JPEG"]
    assert [name for name in sure if status[name] != "ok"] == [], done.stdout
    seen = {"Project", "Environment", "Keras' settings", "Cores", "Instructions", "Memory", "Disk"}
    assert seen | {"File system", "GPUs", "Custom operations"} <= set(status)
    if shutil.which("g++"):
        operations = [x for x in report["findings"] if x["check"] == "Custom operations"]
        assert [each["status"] for each in operations] == ["ok", "ok"], done.stdout
    printed = done.stdout.splitlines()
    for each in report["findings"]:
        assert any(each["check"] in line and each["found"] in line for line in printed)
    *_, last = printed
    assert last.endswith(f"{report['problems']} problem" + "s" * (report["problems"] != 1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.json", "pictures"]
    assert "... starting TensorFlow" in done.stderr.splitlines()
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--workdri=x"], "unrecognized arguments: --workdri=x"),
        (["x"], "unrecognized arguments: x"),
        (["--json"], "expected one argument"),
        (["--json=/nowhere/at/all.json"], "cannot be written: No such file or directory"),
        (["--json=."], "is a folder"),
    ],
)
def test_wrong_flags_are_one_line_and_exit_code_2(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        command_line.main(arguments)
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert said in line


FOUND = [ok("Disk", "full of room"), warning("Cores", "few", "buy more")]


@pytest.mark.parametrize(
    ("found", "code", "last"),
    [
        (FOUND, 0, "1 ok, 1 warning, 0 problems"),
        ([*FOUND, problem("Python", "is 2.7", "get another")], 1, "1 ok, 1 warning, 1 problem"),
    ],
)
def test_only_a_problem_makes_the_exit_code_1(found, code, last, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(command_line, "examine", lambda folder, data: iter(found))
    monkeypatch.setattr(command_line.signal, "signal", lambda *_: None)
    assert command_line.main([f"--json={tmp_path}/j"]) == code
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == last
    assert out[0].split() == ["ok", "Disk", "full", "of", "room"]
    assert out[2].strip().split(":") == ["what to do", "        buy more"]
    assert json.loads((tmp_path / "j").read_text())["problems"] == code


def test_columns_line_up():
    first, second = lines(warning("Cores", "few", "buy more"))
    assert first.index("few") == second.index("buy more")
    assert len(lines(ok("Disk", "room"))) == 1
    assert summary([]) == "0 ok, 0 warnings, 0 problems"


def test_a_stop_is_told_and_has_its_exit_code(monkeypatch, capsys):
    def stopped(folder, data):
        yield ok("Disk", "room")
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "examine", stopped)
    monkeypatch.setattr(command_line.signal, "signal", lambda *_: None)
    assert command_line.main([]) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_nothing_goes_on_behind_a_tensorflow_that_does_not_start(monkeypatch, tmp_path):
    called = []

    def examine(check, module, *arguments, **options):
        called.append(module)
        return [problem(check, "crashed by SIGILL", "another machine")]

    monkeypatch.setattr(examination.child, "examine", examine)
    *_, last = examination.examine(tmp_path, None)
    assert called == ["training.doctor.start"]
    assert (last.check, last.status) == ("All else", "warning")


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
    code = "import sys, training.doctor.command_line; print('tensorflow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
