"""Trainings on a cluster: a Slurm job for each that is missing, all of them queued at once.

Each job comes after those it needs (`afterok`), so that nothing has to run here meanwhile. What is
in the queue already is not queued again. Should a training be queued twice nevertheless, the second
job finds the artifact locked, waits, and finds it done.
"""

import dataclasses
import hashlib
import re
import shlex
import shutil
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from filelock import FileLock

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.lab.executors.graph import Job, kept, last, needs
from gan_knowledge_gaps.lab.executors.queue import Queue
from gan_knowledge_gaps.lab.executors.slurm_job import Command
from gan_knowledge_gaps.lab.specs import Spec
from gan_knowledge_gaps.training.command_line import program
from gan_knowledge_gaps.training.config import check_at_least
from gan_knowledge_gaps.training.progress import Progress, say

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab

POLL_SECONDS = 10.0
# How often a job may run out of its time. Each time it has trained for that long, so that only a
# training that never begins comes to the end of this.
MOST_TIMEOUTS = 1000
# What ties the jobs together, and must stay as it is.
_OURS = (
    "array", "dependency", "error", "job-name", "kill-on-invalid-dep", "ntasks", "open-mode",
    "output", "requeue",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class SlurmConfig:
    """What each job asks Slurm for.

    Attributes:
        partition: partition; empty for the cluster's default.
        gpus: GPUs of each training.
        cpus: cores of each training.
        mem: memory of each training in GB; 0 for the cluster's default.
        time: minutes that a job may run. A training that needs longer is saved and queued again.
        extra: other options of sbatch: "account=vision constraint=a100 signal=USR2@300".
    """

    partition: str = ""
    gpus: int = 0
    cpus: int = 4
    mem: float = 0.0
    time: int = 240
    extra: str = ""

    def __post_init__(self) -> None:
        check_at_least(self, gpus=0, cpus=1, mem=0, time=1)
        for name in self._extra():
            if re.fullmatch("[a-z][a-z-]*", name) is None:
                raise InputError(f"extra is {self.extra!r}; it must be like name=value name=value")
            if name in _OURS:
                raise InputError(f"extra sets {name}, by which the jobs are tied together")

    def _extra(self) -> dict[str, str | bool]:
        """Other options by name; True for one without a value."""
        try:
            words = [word.partition("=") for word in shlex.split(self.extra)]
        except ValueError as error:
            raise InputError(f"extra is {self.extra!r}: {error}") from error
        return {name: value if equals else True for name, equals, value in words}

    def parameters(self) -> dict[str, object]:
        """The same in submitit's terms."""
        given = {"partition": self.partition, "gpus_per_node": self.gpus}
        if self.mem:
            given["mem"] = f"{round(self.mem * 1024)}M"
        return {name: value for name, value in given.items() if value} | {
            "cpus_per_task": self.cpus,
            # Since Slurm 22.05 a step does not inherit the job's number of cores.
            "srun_args": [f"--cpus-per-task={self.cpus}"],
            "time": self.time,
            "additional_parameters": {
                "kill-on-invalid-dep": "yes",
                "requeue": True,
                **self._extra(),
            },
        }


class Slurm:
    """Queues a job per missing training, and one for the report.

    Args:
        config: what each job asks for.
        wait: whether to stay until all is trained; the report is then not queued.

    Raises:
        InputError: there is no Slurm here, or no submitit.
    """

    def __init__(self, config: SlurmConfig, wait: bool = False):
        self._config, self._wait = config, wait
        self._submitit = _submitit()

    def train(self, lab: "Lab", specs: list[Spec], results: Path) -> list[Spec] | None:
        """Queues what is missing and not queued yet; with `wait`, until it is trained.

        Returns:
            What was missing, once it is trained. Without `wait` None: the jobs and the report's are
            queued.

        Raises:
            InputError: Slurm refuses a job or doesn't answer; those queued before stay queued. With
                `wait`: a training failed.
        """
        folder = lab.workdir.absolute() / "slurm"
        queue = Queue(folder / "jobs")
        with FileLock(folder / ".lock"):
            queued = queue.queued()
            missing = lab.missing(specs)
            needed = needs(missing, lab.key)
            labels = {lab.key(spec): repr(spec) for spec in missing}
            if not self._wait:
                report = _report_key(results)
                needed[report] = last(needed)
                labels[report] = f"the report, {results}"
            jobs = self._queue(folder, queue, needed, queued, labels)
        say(f"the jobs' output: {folder}/*_0_log.err")
        if not self._wait:
            return None
        self._stay(lab, specs, queue, jobs)
        lab.train(specs)  # What takes no training has no job.
        return missing

    def _queue(
        self,
        folder: Path,
        queue: Queue,
        needed: dict[str, list[str]],
        queued: dict[str, Job],
        labels: dict[str, str],
    ) -> dict[str, Job]:
        """Queues what is not queued; all jobs by name."""
        jobs = kept(needed, queued)
        for name, before in needed.items():
            note = "queued before"
            if name not in jobs:
                after = tuple(jobs[each].number for each in before)
                jobs[name] = self._submit(folder, name, after)
                queue.remember(name, jobs[name])
                note = f"after {' '.join(after)}" if after else ""
            print(f"job {jobs[name].number}  {labels[name]}  {name}  {note}".rstrip())
        return jobs

    def _submit(self, folder: Path, name: str, after: tuple[str, ...]) -> Job:
        is_report = name.startswith("report-")
        rest = ["--executor=inline", "--nowait"] if is_report else [f"--train_artifact={name}"]
        try:
            executor = self._submitit.SlurmExecutor(folder, max_num_timeout=MOST_TIMEOUTS)
            executor.update_parameters(
                **self._config.parameters(),
                job_name=name,
                dependency=f"afterok:{':'.join(after)}" if after else None,
            )
            command = Command(tuple(program()), (*sys.argv[1:], *rest))
            return Job(executor.submit(command).job_id, after)
        except RuntimeError as error:  # What submitit makes of sbatch's refusal.
            raise InputError(f"Slurm refuses a job: {' '.join(str(error).split())}") from error

    def _stay(self, lab: "Lab", specs: list[Spec], queue: Queue, jobs: dict[str, Job]) -> None:
        """Returns when no job is queued any more."""
        with Progress("jobs", total=len(jobs), unit="jobs") as progress:
            while waiting := [job for job in queue.queued().values() if job in jobs.values()]:
                progress.advance(len(jobs) - len(waiting) - progress.done)
                time.sleep(POLL_SECONDS)
        failed = [spec for spec in lab.missing(specs) if lab.key(spec) in jobs]
        if failed:
            log = f"{jobs[lab.key(failed[0])].number}_0_log.err"
            raise InputError(
                f"{len(failed)} of {len(jobs)} jobs failed or were cancelled, that of "
                f"{failed[0]!r} first: {lab.workdir / 'slurm' / log}; the same command queues them "
                "again"
            )


def _report_key(results: Path) -> str:
    return f"report-{hashlib.sha256(str(results.absolute()).encode()).hexdigest()[:16]}"


def _submitit() -> ModuleType:
    if shutil.which("sbatch") is None or shutil.which("srun") is None:
        raise InputError("there is no Slurm here: no sbatch or no srun in PATH")
    try:
        import submitit
    except ImportError as error:
        raise InputError("--executor=slurm needs submitit: pip install -e '.[slurm]'") from error
    return submitit
