"""The doctor's command line, and the checks in the order in which they help."""

import collections
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from absl import flags

from gan_knowledge_gaps.data import InputError, write_json
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.doctor import installation, machine, workdir
from gan_knowledge_gaps.training.doctor.check import OK, PROBLEM, WARNING, Check, Child, guarded

_ANEW = "make a new environment (make test), then python -c 'import tensorflow' without an error"
_ON_CPU = "export CUDA_VISIBLE_DEVICES=-1 trains on the processor until this works"
DOCTOR, STYLEGAN2 = "gan_knowledge_gaps.training.doctor", "gan_knowledge_gaps.stylegan2"
CHILDREN = (  # all but the data's
    Child("TensorFlow", f"{DOCTOR}.devices", "starting TensorFlow", _ANEW),
    Child("Replicas", f"{DOCTOR}.replicas", "training on one device, again, and on two",
          _ANEW, ("CPU",)),
    Child("Replicas", f"{DOCTOR}.replicas", "the same on GPUs", _ON_CPU, ("GPU",)),
    Child("Custom operations", f"{STYLEGAN2}.ops.checkup",
          "StyleGAN2's operations; building them, the first time, takes a minute or two",
          "train with --ops=tensorflow until this works"),
    Child("Precision", f"{STYLEGAN2}.precision", "timing StyleGAN2 in float32 and in bfloat16",
          "train in float32"),
)  # fmt: skip


def main() -> None:
    """The command line."""
    flags.DEFINE_string("workdir", "runs", "Folder where results will lie; it need not exist.")
    flags.DEFINE_string("data", None, "Folder or zip of images, or folder of records, to check.")
    flags.DEFINE_string("json", None, "File to write the outcomes to, as JSON.")
    command.run(_run, resumes=False)


def _run() -> None:
    values = flags.FLAGS
    if values.json is not None:
        _check_writable(Path(values.json))
    # As Ctrl-C does, a stop removes what lies in the workdir and ends the children.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    checks = []
    for check in examine(Path(values.workdir), values.data):
        checks.append(check)
        print(check, flush=True)
    if values.json is not None:
        write_json(values.json, to_json(checks))
    print(f"\n{summary(checks)}", flush=True)
    if any(check.status == PROBLEM for check in checks):
        sys.exit(1)


def _check_writable(path: Path) -> None:
    """Raises InputError about a file that cannot be written before all the work."""
    if path.is_dir():
        raise InputError(f"--json={path} is a folder; give a file")
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise InputError(f"--json={path} cannot be written: {error.strerror}") from None


def examine(folder: Path, data: str | None) -> Iterator[Check]:
    """Check after check, as soon as its outcome is known.

    Args:
        folder: where results will lie; need not exist.
        data: a path to check as data, or None.
    """
    quick: dict[str, Callable[[], Check | Iterable[Check]]] = {
        "Packages": installation.packages,
        "Project": installation.project,
        "Extras": installation.extras,
        "Environment": installation.variables,
        "Keras' settings": installation.keras_settings,
        "Cores": machine.cores,
        "Instructions": machine.instructions,
        "Memory": machine.memory,
        "Disk": lambda: machine.disk(workdir.nearest_existing(folder)),
        "Workdir": lambda: workdir.workdir(folder),
    }
    for name, check in quick.items():
        yield from guarded(name, check)
    if data is not None:
        advice = "take pictures away until it works, half of them at a time"
        child = Child("Data", f"{DOCTOR}.dataset", f"reading {data}", advice, (data,))
        yield from guarded("Data", child.run)
    for child in CHILDREN:
        if "GPU" in child.arguments and not shutil.which("nvidia-smi"):
            continue
        checks = guarded(child.name, child.run)
        yield from checks
        if any(each.name == "TensorFlow" and each.status == PROBLEM for each in checks):
            found = "not checked, since TensorFlow does not start as it should"
            yield Check("All else", found, "put that right, and call the doctor again")
            return


def summary(checks: Sequence[Check]) -> str:
    """How many checks ended in which way, as "12 ok, 1 warning, 2 problems"."""
    counts = collections.Counter(check.status for check in checks)
    rest = [f"{counts[word]} {word}{'s' * (counts[word] != 1)}" for word in (WARNING, PROBLEM)]
    return ", ".join([f"{counts[OK]} ok", *rest])


def to_json(checks: Sequence[Check]) -> dict:
    """The checks as plain JSON values, after the numbers of warnings and problems."""
    counts = collections.Counter(check.status for check in checks)
    fields = ("name", "status", "found", "advice")
    every = [{field: getattr(check, field) for field in fields} for check in checks]
    return {"warnings": counts[WARNING], "problems": counts[PROBLEM], "checks": every}
