"""What runs inside of a Slurm job: one command, in the job's own process.

Slurm's notice that time is up or that another job needs the node reaches that process and no
other. A training answers it by saving, `training/signals.py`; then the job is queued again under
its number, so that those that wait for it go on waiting. Outside of a training there is nothing to
save.
"""

import dataclasses
import os
import runpy
import signal
import sys
from typing import Any, cast

from gan_knowledge_gaps.lab.executors.queue import state
from gan_knowledge_gaps.training.signals import notices


@dataclasses.dataclass(frozen=True)
class Command:
    """What submitit calls in the job.

    Attributes:
        program: what Python runs: `-m` and a module, or a file.
        arguments: of the command line.
    """

    program: tuple[str, ...]
    arguments: tuple[str, ...]

    def __call__(self) -> None:
        """Runs the command; exits with its code unless that is 0.

        Slurm counts every other code as a failure, and cancels the jobs that come after this one.
        """
        code = self._run()
        stopped_by = {128 + number: number for number in notices()}
        if code == 128 + signal.SIGTERM and _goes_on():
            # Pre-empted by a Slurm that sends this signal first.
            code = next(iter(stopped_by))
        if code in stopped_by:
            # What the training caught is now for submitit, which queues the job again.
            signal.raise_signal(stopped_by[code])
        if code:
            sys.exit(code)

    def checkpoint(self) -> Any:
        """What submitit runs when the job begins again: the same."""
        from submitit.core.utils import DelayedSubmission

        return DelayedSubmission(self)

    def _run(self) -> int:
        first, *rest = self.program
        sys.argv = [self.program[-1], *self.arguments]
        try:
            if first == "-m":
                runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(first, run_name="__main__")
        except SystemExit as ended:
            return cast(int, ended.code or 0)
        return 0


def _goes_on() -> bool:
    """Whether Slurm means this job to go on: it is not cancelled, and no other has its place."""
    return state(os.environ["SLURM_JOB_ID"]) in ("RUNNING", "SIGNALING")
