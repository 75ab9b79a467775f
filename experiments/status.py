"""How far the trainings of a workdir are, what is left of them, and how long it takes.

    python -m experiments.status --workdir=runs
    python -m experiments.status --workdir=/shared/runs --json

Nothing is written and nothing is locked: it runs on any machine that sees the folder. Every command
that trains writes its plan into the workdir's folder plans; to forget one, delete its file. Time
left is by the rates of the trainings of the workdir, for as many side by side as are running now. A
training is running if its files changed in the last minutes, and stopped if not. On a terminal the
page is made again every --every seconds, until all is done.
"""

import json
import shutil
import sys
import time
from pathlib import Path

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.lab.planning.remaining import Remaining, remaining
from gan_knowledge_gaps.lab.planning.text import duration
from gan_knowledge_gaps.lab.store.inventory import size_of
from gan_knowledge_gaps.lab.store.listing import bytes_text
from gan_knowledge_gaps.lab.store.plans import Plan, read_plans
from gan_knowledge_gaps.lab.store.progress import STATES, Progress, progress_of
from gan_knowledge_gaps.training import command

SHOWN = 10  # trainings of a state
CLEAR = "\x1b[H\x1b[2J"


def main() -> None:
    """The command line."""
    flags.DEFINE_string("workdir", "runs", "Folder of artifacts.")
    flags.DEFINE_boolean("json", False, "Print it once, as JSON.")
    flags.DEFINE_float(
        "every", 10.0, "Seconds between two looks, on a terminal; 0: look once.", lower_bound=0.0
    )
    command.run(_run, resumes=False)


def _run() -> None:
    values = flags.FLAGS
    workdir = Path(values.workdir)
    if not workdir.is_dir():
        raise InputError(f"--workdir: there is no folder {workdir}")
    if values.json:
        print(json.dumps(Status(workdir).to_json(), indent=1))
        return
    again = values.every > 0 and sys.stdout.isatty()
    while True:
        status = Status(workdir)
        print(f"{CLEAR if again else ''}{status.text()}", flush=True)
        if not again or status.is_over:
            return
        time.sleep(values.every)


class Status:
    """What the plans of a workdir have come to.

    Args:
        workdir: the folder.
    """

    def __init__(self, workdir: Path):
        self.workdir = workdir
        self.plans = read_plans(workdir)
        planned = {value.key: value for plan in self.plans for value in plan.values}
        self.trainings = {key: progress_of(workdir, value) for key, value in planned.items()}
        self.left: Remaining = remaining(list(self.trainings.values()))
        self.used, self.free = size_of([workdir]), shutil.disk_usage(workdir).free

    @property
    def is_over(self) -> bool:
        """Whether all is done."""
        return all(each.state == "done" for each in self.trainings.values())

    def of(self, state: str) -> list[Progress]:
        """The trainings in a state."""
        return [each for each in self.trainings.values() if each.state == state]

    def to_json(self) -> dict:
        """All of it as JSON values; times in seconds, sizes in bytes."""
        return {
            "workdir": str(self.workdir),
            "time": time.time(),
            "counts": {state: len(self.of(state)) for state in STATES},
            "seconds_left": self.left.seconds,
            "at_a_time": self.left.at_a_time,
            "unknown": self.left.unknown,
            "disk": {"used": self.used, "free": self.free},
            "plans": [
                {"command": plan.command, "file": str(plan.path), "counts": self._counts(plan)}
                for plan in self.plans
            ],
            "trainings": [
                {
                    "key": key, "label": each.planned.label, "state": each.state,
                    "step": each.step, "steps": each.steps, "steps_per_second": each.rate,
                    "seconds_left": self.left.each.get(key, 0.0), "error": each.error,
                }
                for key, each in self.trainings.items()
            ],
        }  # fmt: skip

    def _counts(self, plan: Plan) -> dict[str, int]:
        states = [self.trainings[value.key].state for value in plan.values]
        return {state: states.count(state) for state in STATES}

    def text(self) -> str:
        """The same for people."""
        if not self.plans:
            return f"{self.workdir} has no plans: no command has trained there yet"
        counts = ", ".join(f"{len(self.of(state))} {state}" for state in STATES)
        lines = [f"{self.workdir}: {counts}", self._time_left()]
        lines.append(f"disk: {bytes_text(self.used)} here, {bytes_text(self.free)} free")
        for state in ("running", "failed", "stopped", "waiting"):
            found = self.of(state)
            lines += ["", state, *map(self._line, found[:SHOWN])] if found else []
            if len(found) > SHOWN:
                lines.append(f"  and {len(found) - SHOWN} more")
        lines += ["", "plans", *map(self._plan_line, self.plans)]
        return "\n".join(lines)

    def _time_left(self) -> str:
        if self.is_over:
            return "all is done"
        line = f"left: {duration(self.left.seconds)}, {self.left.at_a_time} at a time"
        unknown = self.left.unknown
        return line + (f"; {unknown} of unknown length not counted" if unknown else "")

    def _line(self, each: Progress) -> str:
        parts = [f"  {each.planned.label}"]
        if each.step:
            share = each.step / max(1, each.steps)
            parts.append(f"step {each.step:,} of {each.steps:,} ({share:.0%})")
        if each.rate and each.state == "running":
            parts.append(f"{each.rate:.3g} steps/s")
        seconds = self.left.each.get(each.planned.key)
        if seconds:
            parts.append(f"{duration(seconds)} left")
        return "  ".join([*parts, *([each.error] if each.error else [])])

    def _plan_line(self, plan: Plan) -> str:
        counts = self._counts(plan)
        return f"  {counts['done']} of {len(plan.values)} done  {plan.command}"


if __name__ == "__main__":
    main()
