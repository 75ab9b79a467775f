"""A command ends with the right code, and says no more than is needed."""

import os
import re
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


@pytest.mark.parametrize("argument", ["--help", "-h", "--helpshort", "--helpfull"])
def test_help_shows_the_flags_below_the_docstring(argument):
    # Also beside what is wrong, which the help may be looked for.
    code, out, err = run("--volume=-1", argument)
    assert (code, err) == (0, "")
    assert out.startswith("A command line that ends in the way that its flag says.\n\nOptions:\n")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert any(each.startswith("--ending How it ends. One of done, bad_input,") for each in lines)
    assert "--volume How loud it is. [1.0]" in lines
    # Also those that the script does not define in its own file.
    assert "--loudness_letters How many letters it says. [100000]" in lines
    assert all(len(line) <= 100 for line in out.splitlines())
    # What processes hand to each other is parsed, and shown only when everything is.
    assert ("as_worker" in out) == (argument == "--helpfull")
    assert "alsologtostderr" not in out and "pdb" not in out
    assert run("--as_worker") == (0, "done\n", "")


def test_what_follows_two_dashes_is_no_call_for_help():
    code, out, err = run("--", "--help")
    assert (code, out) == (2, "")
    assert "unexpected argument '--help'" in err


def test_the_version_is_that_of_the_package():
    code, out, err = run("--version")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"gan-knowledge-gaps (\d+\.\d+\.\d+|of a checkout .*)\n", out)


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
