"""One check in a process of its own, which may crash, hang, or choose TensorFlow's devices."""

import dataclasses
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from training.doctor.finding import Finding, problem

_ROOT = Path(__file__).resolve().parents[2]
# What an import of TensorFlow takes on a machine busy with other work is most of it.
PATIENCE = 600.0


def examine(
    check: str,
    module: str,
    *arguments: str,
    advice: str,
    environment: Mapping[str, str] | None = None,
    patience: float = PATIENCE,
) -> list[Finding]:
    """What a module's function `findings` returns in a new process.

    Args:
        check: the name of the finding if it returns nothing.
        module: its name.
        arguments: of the function, strings.
        advice: what to do if it returns nothing.
        environment: variables to set for it.
        patience: how many seconds it may take.
    """
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        output = Path(folder) / "findings.json"
        command = [sys.executable, "-m", "training.doctor.child", str(output), module, *arguments]
        try:
            done = subprocess.run(
                command, env=_variables(environment or {}), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                timeout=patience, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return [problem(check, f"no answer within {patience:g} s", advice)]
        if done.returncode != 0:
            return [problem(check, _ending(done.returncode, done.stdout), advice)]
        return [Finding(**fields) for fields in json.loads(output.read_text())]


def _variables(more: Mapping[str, str]) -> dict[str, str]:
    """This process's variables, with Keras' backend as every command of the project sets it.

    And the same code; and no cluster, for whose machines the child would wait.
    """
    path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    ours = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
    return {"KERAS_BACKEND": "tensorflow", **ours, "PYTHONPATH": path, **more}


def _ending(code: int, output: str) -> str:
    """How the process ended, in one line."""
    if code == -getattr(signal, "SIGILL", 0):
        return "crashed by SIGILL: an instruction that this processor does not have"
    if code == -getattr(signal, "SIGKILL", 0):
        return "killed, most likely because the memory did not suffice"
    last = (output.strip().splitlines() or ["it said nothing"])[-1].strip()[:300]
    if code < 0:
        return f"crashed by {signal.Signals(-code).name}: {last}"
    return f"failed: {last}"


def main() -> None:
    """In the new process: calls the function and leaves its findings in a file."""
    output, module, *arguments = sys.argv[1:]
    findings = importlib.import_module(module).findings(*arguments)
    Path(output).write_text(json.dumps([dataclasses.asdict(finding) for finding in findings]))


if __name__ == "__main__":
    main()
