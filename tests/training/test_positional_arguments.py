"""Commands that take arguments which are no flags."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, str(Path(__file__).with_name("positional_arguments.py"))]


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    finished = subprocess.run(
        [*COMMAND, *arguments], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    return finished.returncode, finished.stdout, finished.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "1 []\n"),
        (["a b", "--loudness=3", "c"], "3 ['a b', 'c']\n"),
        (["--loudness=3", "--", "a", "--loudness=4"], "3 ['a', '--loudness=4']\n"),
    ],
)
def test_they_reach_the_command_in_their_order(arguments, said):
    assert run(*arguments) == (0, said, "")


def test_a_flag_that_does_not_exist_is_no_argument():
    code, out, err = run("a", "--quietness=1")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "quietness" in err
