"""Checks that crash, hang or fail become findings; nothing becomes a traceback."""

import os
import signal
import textwrap
from pathlib import Path

import pytest

from training.doctor import child
from training.doctor.examination import CHILDREN
from training.doctor.finding import OK, PROBLEM, WARNING, Finding, guarded, ok, problem, warning


@pytest.fixture
def plug_in(tmp_path, monkeypatch):
    """Makes a module of some code, and runs it as a child."""

    def run(code: str, *arguments: str, patience: float = 120, **environment: str) -> list[Finding]:
        (tmp_path / "made_up_check.py").write_text(textwrap.dedent(code))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return child.examine(
            "Made up", "made_up_check", *arguments, advice="mend it", environment=environment,
            patience=patience,
        )  # fmt: skip

    return run


def test_a_childs_findings_come_back(plug_in, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{}")
    monkeypatch.delenv("KERAS_BACKEND")
    findings = plug_in(
        """
        import os
        from training.doctor.finding import ok, warning
        print("noise")
        def findings(first, second):
            names = ("MADE_UP", "TF_CONFIG", "KERAS_BACKEND")
            return [ok(first, str([os.environ.get(name) for name in names])),
                    warning(second, "über", "do it")]
        """,
        "one", "two", MADE_UP="yes",
    )  # fmt: skip
    assert findings == [
        ok("one", "['yes', None, 'tensorflow']"), warning("two", "über", "do it"),
    ]  # fmt: skip


KILL = "import os; print('at 0x1', flush=True); os.kill(os.getpid(), {})"
ENDINGS = {
    "raise ImportError('libcudart.so.12: no such file')": "failed: ImportError: libcudart.so.12:",
    "import sys; sys.exit('no such device')": "failed: no such device",
    "import os; os._exit(3)": "failed: it said nothing",
}
if os.name == "posix":
    ENDINGS |= {
        KILL.format(int(signal.SIGILL)): "crashed by SIGILL: an instruction that this processor",
        KILL.format(int(signal.SIGKILL)): "killed, most likely because the memory did not suffice",
        KILL.format(int(signal.SIGSEGV)): "crashed by SIGSEGV: at 0x1",
    }


@pytest.mark.parametrize("code", ENDINGS)
def test_a_child_that_ends_otherwise_is_a_problem(code, plug_in):
    (finding,) = plug_in(code)
    assert (finding.check, finding.status, finding.advice) == ("Made up", PROBLEM, "mend it")
    assert finding.found.startswith(ENDINGS[code])


def test_a_child_that_hangs_is_ended(plug_in):
    (finding,) = plug_in("import time; time.sleep(600)", patience=0.2)
    assert (finding.status, finding.found) == (PROBLEM, "no answer within 0.2 s")


def test_every_child_is_a_module_with_findings():
    root = Path(__file__).resolve().parents[2]
    for each in CHILDREN:
        text = (root / (each.module.replace(".", "/") + ".py")).read_text()
        assert "\ndef findings(" in text, each.module
    assert {each.module.partition(".")[0] for each in CHILDREN} == {"training", "stylegan2"}


def test_a_check_that_crashes_is_a_finding():
    def crash():
        raise ZeroDivisionError("a fault\nof ours")

    (finding,) = guarded("Fault", crash)
    assert (finding.check, finding.status) == ("Fault", WARNING)
    assert finding.found == "could not be checked (ZeroDivisionError: a fault of ours)"


def test_one_finding_or_many_are_a_list():
    one = ok("a", "b")
    assert guarded("a", lambda: one) == [one]
    assert guarded("a", lambda: iter([one, one])) == [one, one]


def test_advice_goes_with_all_but_ok():
    assert [ok("a", "b").status, warning("a", "b", "c").status, problem("a", "b", "c").status] == [
        OK, WARNING, PROBLEM,
    ]  # fmt: skip
    for wrong in (("a", OK, "b", "c"), ("a", WARNING, "b", ""), ("a", "fine", "b", "")):
        with pytest.raises(ValueError, match=r"needs advice|status is"):
            Finding(*wrong)
