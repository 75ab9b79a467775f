"""What a check found, and what to do about it; checks in a process of their own."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import gan_knowledge_gaps
from gan_knowledge_gaps.training.progress import say

OK, WARNING, PROBLEM = "ok", "warning", "problem"
ROOT = Path(gan_knowledge_gaps.__file__).resolve().parents[1]  # from where it is imported
_RUN = """
import dataclasses, importlib, json, sys
checks = importlib.import_module(sys.argv[1]).checks(*sys.argv[2:])
print(json.dumps([dataclasses.asdict(check) for check in checks]))
"""


@dataclasses.dataclass(frozen=True)
class Check:
    """The outcome of one check.

    Attributes:
        name: what was looked at.
        found: what was found, in one line.
        advice: what to do about it, in one line; empty where all is well.
        fails: whether trainings fail, or their results are not to be trusted; else they run, but
            not as well as they might.
    """

    name: str
    found: str
    advice: str = ""
    fails: bool = False

    @property
    def status(self) -> str:
        """OK, WARNING or PROBLEM."""
        return OK if not self.advice else PROBLEM if self.fails else WARNING

    def __str__(self) -> str:
        """A line for what was found and, unless all is well, one below it for what to do."""
        mark = self.status.upper() if self.fails else self.status
        found = f"{mark:9}{self.name:20} {self.found}"
        return f"{found}\n{'':9}{'  what to do:':20} {self.advice}" if self.advice else found


def problem(name: str, found: str, advice: str) -> Check:
    """Trainings fail, or their results are not to be trusted."""
    return Check(name, found, advice, fails=True)


def guarded(name: str, examine: Callable[[], Check | Iterable[Check]]) -> list[Check]:
    """The outcome of a check, or of several; a fault in `examine` itself is an outcome, too."""
    try:
        found = examine()
        return [found] if isinstance(found, Check) else list(found)
    except Exception as error:  # whatever it is, the other checks go on
        reason = " ".join(f"could not be checked ({type(error).__name__}: {error})".split())
        advice = "report this line as a fault of the doctor; trainings may well work"
        return [Check(name, reason, advice)]


class Child(NamedTuple):
    """Checks in a new process, which may crash, hang, or choose TensorFlow's devices.

    Attributes:
        name: of the check.
        module: a module with a function `checks`, by name: here, no other room is imported.
        announcement: what it does, for the person who waits.
        advice: what to do if it ends without an outcome.
        arguments: of the function.
        patience: seconds that it may take: an import of TensorFlow may be slow on a busy machine.
    """

    name: str
    module: str
    announcement: str
    advice: str
    arguments: tuple[str, ...] = ()
    patience: float = 600.0

    def run(self) -> list[Check]:
        """What the function returns; a problem if it does not return."""
        say(f"... {self.announcement}")
        ours = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
        path = os.pathsep.join([str(ROOT), *filter(None, [ours.get("PYTHONPATH")])])
        try:
            done = subprocess.run(
                [sys.executable, "-c", _RUN, self.module, *self.arguments],
                env={"KERAS_BACKEND": "tensorflow", **ours, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                timeout=self.patience, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return [problem(self.name, f"no answer within {self.patience:g} s", self.advice)]
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip() or "it said nothing"
            found = _ending(done.returncode, said.splitlines()[-1].strip()[:300])
            return [problem(self.name, found, self.advice)]
        return [Check(**fields) for fields in json.loads(done.stdout.splitlines()[-1])]


def _ending(code: int, said: str) -> str:
    """How the process ended, in one line."""
    if code == -getattr(signal, "SIGILL", 0):
        return "crashed by SIGILL: an instruction that this processor does not have"
    if code == -getattr(signal, "SIGKILL", 0):
        return "killed, most likely because the memory did not suffice"
    return f"crashed by {signal.Signals(-code).name}: {said}" if code < 0 else f"failed: {said}"
