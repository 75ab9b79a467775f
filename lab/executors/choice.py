"""The executors' flags, and the executor that they choose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.lab.executors.inline import Inline
from gan_knowledge_gaps.lab.executors.local import Local
from gan_knowledge_gaps.lab.executors.slurm import Slurm, SlurmConfig
from gan_knowledge_gaps.lab.specs import Spec
from gan_knowledge_gaps.training.cluster import find_cluster
from gan_knowledge_gaps.training.config import define_flags, override
from gan_knowledge_gaps.training.flag_help import EXECUTION, HIDDEN, group, named

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab

EXECUTORS = ("inline", "local", "slurm")
_OF_LOCAL = ("workers", "gpu_slots")


class Executor(Protocol):
    """Trains what an experiment needs, wherever that is."""

    def train(self, lab: Lab, specs: list[Spec], results: Path) -> list[Spec] | None:
        """Trains what is missing, or has it trained.

        Args:
            lab: of the experiment.
            specs: all that the experiment measures, in training order.
            results: the folder of the report.

        Returns:
            What was trained; everything is there now. None: it is queued, and so is the report.
        """


def define() -> None:
    """Declares the flags."""
    flags.DEFINE_enum(
        "executor", None, EXECUTORS,
        "inline: one training after another in this process; local: side by side in processes of "
        "this machine; slurm: a job per training, all queued at once (its flags: --executor=slurm "
        "--help). Default: inline; local with --workers or --gpu_slots.",
    )  # fmt: skip
    flags.DEFINE_integer(
        "workers", None,
        "Trainings side by side, each on its share of the cores and GPUs. The last bits of a "
        "training depend on the number of its cores.",
        lower_bound=1,
    )  # fmt: skip
    flags.DEFINE_integer(
        "gpu_slots", None, "Trainings side by side on each GPU, one GPU each.", lower_bound=1
    )
    flags.DEFINE_boolean(
        "wait", False, "With slurm: stay until all is trained, then write the report here."
    )
    with group(EXECUTION if named("executor", "inline", EXECUTORS) == "slurm" else HIDDEN):
        define_flags("slurm", SlurmConfig())
    with group(HIDDEN):
        flags.DEFINE_boolean("as_worker", False, "Given by local to the processes it starts.")
        flags.DEFINE_string(
            "train_artifact", None, "Given by slurm to its jobs: train this key alone."
        )


def chosen() -> Executor:
    """The executor that the flags ask for.

    Raises:
        InputError: a flag goes with another executor, or the executor can't work here.
    """
    executor = _chosen()
    cluster = find_cluster()
    if cluster is not None and len(cluster.addresses) > 1 and not isinstance(executor, Inline):
        raise InputError("several workers, of TF_CONFIG, train together: use --executor=inline")
    return executor


def check_flags() -> None:
    """Raises InputError where the flags of executors contradict each other."""
    values = flags.FLAGS
    if values.executor in (None, "local"):
        _refuse(["wait", *_slurm_flags()], "slurm")
    else:
        _refuse(_OF_LOCAL, "local")
    if values.executor == "slurm":
        override(SlurmConfig(), "slurm", values)
    if values.workers and values.gpu_slots:
        raise InputError("give --workers, in all, or --gpu_slots, for each GPU; not both")


def _chosen() -> Executor:
    check_flags()
    values = flags.FLAGS
    if values.executor == "slurm":
        return Slurm(override(SlurmConfig(), "slurm", values), values.wait)
    if values.executor == "local" or values.gpu_slots or (values.workers or 1) > 1:
        return Local(values.workers, values.gpu_slots)
    return Inline()


def _slurm_flags() -> list[str]:
    return [name for name in flags.FLAGS if name.startswith("slurm_")]


def _refuse(names: list[str] | tuple[str, ...], executor: str) -> None:
    """Raises InputError if a flag was given that only another executor has a use for."""
    for name in names:
        if flags.FLAGS[name].value not in (None, False):
            raise InputError(f"--{name} goes with --executor={executor}")
