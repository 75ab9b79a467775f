"""The checks of this machine, in the order in which they help."""

import dataclasses
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from training.doctor import capacity, child, environment, graphics, installation, processor, workdir
from training.doctor.finding import PROBLEM, Finding, guarded, warning
from training.progress import say

_ANEW = "make a new environment (make test), then python -c 'import tensorflow' without an error"


@dataclasses.dataclass(frozen=True)
class Child:
    """A check in a process of its own: a module with a function `findings`.

    Attributes:
        check: its name.
        module: its name, as the room that it belongs to is not imported here.
        announcement: what it does, for the person who waits.
        advice: what to do if it ends without findings.
        arguments: of the function.
        environment: variables to set for it.
    """

    check: str
    module: str
    announcement: str
    advice: str
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()

    def examine(self) -> list[Finding]:
        """Runs it."""
        say(f"... {self.announcement}")
        return child.examine(
            self.check,
            self.module,
            *self.arguments,
            advice=self.advice,
            environment=dict(self.environment),
        )


START = Child("TensorFlow", "training.doctor.start", "starting TensorFlow", _ANEW)
REPLICAS = Child(
    "Replicas",
    "training.doctor.replicas",
    "training on one device, on the same again, and on two",
    _ANEW,
    ("cpu",),
    (("CUDA_VISIBLE_DEVICES", "-1"),),
)
REPLICAS_ON_GPUS = Child(
    "Replicas",
    "training.doctor.replicas",
    "the same on GPUs",
    "export CUDA_VISIBLE_DEVICES=-1 trains on the processor until this works",
    ("gpu",),
)
OPERATIONS = Child(
    "Custom operations",
    "stylegan2.ops.checkup",
    "StyleGAN2's operations; building them, the first time, takes a minute or two",
    "train with --ops=tensorflow until this works",
)
# All but the data's.
CHILDREN = (START, REPLICAS, REPLICAS_ON_GPUS, OPERATIONS)


def examine(folder: Path, data: str | None) -> Iterator[Finding]:
    """Finding after finding, as soon as it is known.

    Args:
        folder: where results will lie; need not exist.
        data: a path to check as data, or None.
    """
    for check, run in _quick_checks(folder):
        yield from guarded(check, run)
    if data is not None:
        yield from guarded("Data", _data(data).examine)
    started = guarded(START.check, START.examine)
    yield from started
    if any(each.check == START.check and each.status == PROBLEM for each in started):
        found = "not checked, since TensorFlow does not start as it should"
        yield warning("All else", found, "put that right, and call the doctor again")
        return
    yield from guarded(REPLICAS.check, REPLICAS.examine)
    if _has_gpus():
        yield from guarded(REPLICAS_ON_GPUS.check, REPLICAS_ON_GPUS.examine)
    yield from guarded(OPERATIONS.check, OPERATIONS.examine)


def _quick_checks(folder: Path) -> list[tuple[str, Callable[[], Finding | list[Finding]]]]:
    asked = installation.requirements_of(installation.PROJECT)
    existing = workdir.nearest_existing(folder)
    settings = environment.keras_settings_path()
    return [
        ("Python", installation.this_python),
        ("Project", installation.this_project),
        ("Packages", lambda: installation.packages(asked)),
        ("TensorFlow's wheel", lambda: installation.tensorflow_wheel(asked)),
        ("Extras", installation.extras),
        ("Environment", environment.variables),
        ("Keras' settings", lambda: environment.keras_settings(settings)),
        ("Cores", processor.these_cores),
        ("Instructions", processor.these_instructions),
        ("Memory", capacity.this_memory),
        ("Disk", lambda: capacity.this_disk(existing)),
        ("Workdir", lambda: workdir.workdir(existing)),
    ]


def _data(path: str) -> Child:
    announcement = f"reading {path}"
    advice = "take pictures away until it works, half of them at a time"
    return Child("Data", "training.doctor.dataset", announcement, advice, (path,))


def _has_gpus() -> bool:
    try:
        return bool(graphics.driver_gpus())
    except (OSError, subprocess.SubprocessError):  # which is a finding already
        return False
