"""A command ends with the right code, and says no more than is needed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, str(Path(__file__).with_name("command_endings.py"))]
# Output is buffered, as it is for most people.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""}


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    finished = subprocess.run(
        [*COMMAND, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    return finished.returncode, finished.stdout, finished.stderr


def test_success_is_0_and_silent():
    assert run() == (0, "done\n", "")


def test_bad_input_is_2_with_one_line():
    assert run("--ending=bad_input") == (2, "", "error: the file is\\tmissing\n")


@pytest.mark.parametrize(
    ("argument", "named"),
    [
        ("--endign=done", "endign"),
        ("--ending=nowhere", "nowhere"),
        ("--ending", "ending"),
        ("done", "'done'"),
        ("--volume=-1", "volume"),
        # absl's bounds compare, and no comparison with NaN is true.
        ("--volume=nan", "--volume is nan"),
        ("--volume=inf", "--volume is inf"),
        ("--volume=1e999", "--volume is inf"),
        ("--loudness_letters=99999999999999999999", "--loudness_letters is 99999999999999999999"),
    ],
)
def test_a_wrong_command_line_is_2_with_one_line(argument, named):
    code, out, err = run(argument)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert named in line


@pytest.mark.parametrize(
    ("ending", "code", "said"),
    [
        ("sigterm", 143, "stopped by SIGTERM; the same command resumes\n"),
        ("sigint", 130, "stopped by SIGINT; the same command resumes\n"),
        ("ctrl_c", 130, "stopped; the same command resumes\n"),
    ],
)
def test_a_stopped_command_has_the_signals_code(ending, code, said):
    assert run(f"--ending={ending}") == (code, "", said)


def test_a_fault_of_ours_is_1_with_its_traceback():
    code, out, err = run("--ending=fault")
    assert (code, out) == (1, "")
    assert "Traceback" in err
    assert err.splitlines()[-1] == "ZeroDivisionError: a fault of ours"


@pytest.mark.parametrize("argument", ["--help", "--helpfull"])
def test_help_lists_the_flags(argument):
    code, out, err = run(argument)
    assert (code, err) == (0, "")
    assert "--ending: <done|bad_input|" in out
    assert "How it ends." in out
    # Also those that the script does not define in its own file.
    assert "--loudness_letters: How many letters it says." in out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no broken pipes")
def test_help_that_nobody_reads_to_its_end_is_quiet():
    with subprocess.Popen(
        [*COMMAND, "--helpfull"], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.skipif(os.name == "nt", reason="Windows has no broken pipes")
@pytest.mark.parametrize("letters", [3, 100_000])
def test_output_that_nobody_reads_ends_it_quietly(letters):
    # A little of it is written only at the end, much of it at once.
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [*COMMAND, "--ending=talk", f"--loudness_letters={letters}"]
        finished = subprocess.run(
            command, env=ENVIRONMENT, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False
        )
    finally:
        os.close(writer)
    assert (finished.returncode, finished.stderr) == (141, b"")
