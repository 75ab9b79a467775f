"""Checks that crash, hang or fail become problems; nothing becomes a traceback."""

import os
import signal
import textwrap
from pathlib import Path

import pytest

from gan_knowledge_gaps.training.doctor.check import (
    OK,
    PROBLEM,
    WARNING,
    Check,
    Child,
    guarded,
    problem,
)
from gan_knowledge_gaps.training.doctor.command_line import CHILDREN


@pytest.fixture
def plug_in(tmp_path, monkeypatch):
    """Makes a module of some code, and runs it as a child."""

    def run(code: str, *arguments: str, patience: float = 120) -> list[Check]:
        (tmp_path / "made_up_check.py").write_text(textwrap.dedent(code))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return Child("Made up", "made_up_check", "trying", "mend it", arguments, patience).run()

    return run


def test_what_a_child_found_comes_back(plug_in, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{}")
    monkeypatch.setenv("MADE_UP", "yes")
    monkeypatch.delenv("KERAS_BACKEND")
    checks = plug_in(
        """
        import os, sys
        from gan_knowledge_gaps.training.doctor.check import Check
        print("noise")
        def checks(first, second):
            print("noise", file=sys.stderr)
            names = ("MADE_UP", "TF_CONFIG", "KERAS_BACKEND")
            return [Check(first, str([os.environ.get(name) for name in names])),
                    Check(second, "über", "do it", fails=True)]
        """,
        "one", "two",
    )  # fmt: skip
    assert checks == [
        Check("one", "['yes', None, 'tensorflow']"), problem("two", "über", "do it"),
    ]  # fmt: skip


KILL = "import os; print('at 0x1', flush=True); os.kill(os.getpid(), {})"
ENDINGS = {
    "raise ImportError('libcudart.so.12: no such file')": "failed: ImportError: libcudart.so.12:",
    "import sys; sys.exit('no such device')": "failed: no such device",
    "import os; os._exit(3)": "failed: it said nothing",
}
if os.name == "posix":
    ENDINGS |= {
        KILL.format(int(signal.SIGILL)): "SIGILL",
        KILL.format(int(signal.SIGKILL)): "memory",
        KILL.format(int(signal.SIGSEGV)): "crashed by SIGSEGV: at 0x1",
    }


@pytest.mark.parametrize("code", ENDINGS)
def test_a_child_that_ends_otherwise_is_a_problem(code, plug_in):
    (check,) = plug_in(code)
    assert (check.name, check.status, check.advice) == ("Made up", PROBLEM, "mend it")
    assert ENDINGS[code] in check.found


def test_a_child_that_hangs_is_ended(plug_in):
    (check,) = plug_in("import time; time.sleep(600)", patience=0.2)
    assert (check.status, check.found) == (PROBLEM, "no answer within 0.2 s")


def test_every_child_is_a_module_with_checks():
    root = Path(__file__).resolve().parents[2]
    for each in CHILDREN:
        text = (root / (each.module.replace(".", "/") + ".py")).read_text()
        assert "\ndef checks(" in text, each.module
    assert {each.module.split(".")[1] for each in CHILDREN} == {"training", "stylegan2"}


def test_a_check_that_crashes_is_a_warning():
    def crash():
        raise ZeroDivisionError("a fault\nof ours")

    (check,) = guarded("Fault", crash)
    assert (check.name, check.status) == ("Fault", WARNING)
    assert check.found == "could not be checked (ZeroDivisionError: a fault of ours)"


def test_one_check_or_many_are_a_list():
    one = Check("a", "b")
    assert guarded("a", lambda: one) == [one]
    assert guarded("a", lambda: iter([one, one])) == [one, one]


def test_advice_makes_the_status():
    every = [Check("a", "b"), Check("a", "b", "c"), problem("a", "b", "c")]
    assert [check.status for check in every] == [OK, WARNING, PROBLEM]
