"""What a command set out to train: a file of the workdir, for whoever looks at it meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gan_knowledge_gaps.data import InputError, read_json, write_json
from gan_knowledge_gaps.data.json_files import TEXT, WHOLE, at_least, optional
from gan_knowledge_gaps.lab.specs.base import Spec
from gan_knowledge_gaps.training.command_line import command_line

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab

PLANS = "plans"
_ENTRY = {
    "key": TEXT, "label": TEXT, "kind": TEXT, "cost": optional(TEXT),
    "steps": at_least(0, WHOLE), "depends_on": [TEXT],
}  # fmt: skip


class Planned(NamedTuple):
    """A value of a plan.

    Attributes:
        key: of its artifact.
        label: what people call it.
        kind: what it is; begins the key.
        cost: what trainings that cost the same are called; None for what is only derived.
        steps: of its training, at most.
        depends_on: keys of the artifacts that it needs.
    """

    key: str
    label: str
    kind: str
    cost: str | None
    steps: int
    depends_on: tuple[str, ...]


class Plan(NamedTuple):
    """What a command trains.

    Attributes:
        command: the command line.
        path: of the file; without it the plan is forgotten.
        values: in training order.
    """

    command: str
    path: Path
    values: tuple[Planned, ...]


def write_plan(lab: Lab, specs: Iterable[Spec], results: Path) -> None:
    """Writes down what a command trains; the same command writes the same file again.

    Args:
        lab: where it is trained.
        specs: all that it measures, in training order.
        results: the folder of its report.
    """
    images = len(lab.dataset.train)
    values = [
        {
            "key": lab.key(spec),
            "label": repr(spec),
            "kind": spec.kind,
            "cost": spec.cost_name if spec.is_trained else None,
            "steps": spec.steps(lab.config, images) if spec.is_trained else 0,
            "depends_on": [lab.key(each) for each in spec.dependencies if each.has_artifact],
        }
        for spec in specs
        if spec.has_artifact
    ]
    folder = lab.workdir / PLANS
    folder.mkdir(exist_ok=True)
    name = hashlib.sha256(str(results.absolute()).encode()).hexdigest()[:16]
    write_json(folder / f"{name}.json", {"command": command_line(), "values": values})


def read_plans(workdir: Path) -> list[Plan]:
    """The plans of a workdir, the last one first; those that cannot be read are left out."""
    paths = sorted((workdir / PLANS).glob("*.json"), key=_written, reverse=True)
    return [plan for path in paths if (plan := _read(path)) is not None]


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read(path: Path) -> Plan | None:
    try:
        content = read_json(path, {"command": TEXT, "values": [_ENTRY]}, "")
    except InputError:
        return None
    values = tuple(
        Planned(**{name: each[name] for name in Planned._fields} | _needs(each))
        for each in content["values"]
    )
    return Plan(content["command"], path, values)


def _needs(entry: dict) -> dict[str, tuple[str, ...]]:
    return {"depends_on": tuple(entry["depends_on"])}
