"""How long what is left of plans takes, by the rates of what was trained and is being trained."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from gan_knowledge_gaps.lab.planning.schedule import makespan
from gan_knowledge_gaps.lab.store.progress import Progress

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.specs import Spec


@dataclasses.dataclass(eq=False)
class _Node:
    """What `makespan` schedules."""

    dependencies: tuple[_Node, ...]


@dataclasses.dataclass(frozen=True)
class Remaining:
    """What is left of plans.

    Attributes:
        each: seconds of each training that is not done, by key; None where nothing tells.
        seconds: of all, side by side as many as now; without those of which nothing tells.
        at_a_time: how many are running, at least one.
        unknown: how many nothing tells of.
    """

    each: dict[str, float | None]
    seconds: float
    at_a_time: int
    unknown: int


def remaining(trainings: Sequence[Progress]) -> Remaining:
    """Estimates it.

    A training goes on at its own rate. One that has none takes for a step what trainings of the
    same cost take here on average; where there is none, what those of its kind take.

    Args:
        trainings: of all plans, in training order, each once.
    """
    by_cost, by_kind = _means(trainings, "cost"), _means(trainings, "kind")
    left = [each for each in trainings if each.state != "done"]
    each = {training.planned.key: _seconds(training, by_cost, by_kind) for training in left}
    nodes: dict[str, _Node] = {}
    for training in left:
        planned = training.planned
        nodes[planned.key] = _Node(tuple(nodes[k] for k in planned.depends_on if k in nodes))
    at_a_time = max(1, sum(training.state == "running" for training in trainings))
    # Those that are running come first: they hold their places.
    order = sorted(left, key=lambda training: training.state != "running")
    seconds = {nodes[t.planned.key]: each[t.planned.key] or 0.0 for t in order}
    unknown = sum(value is None for value in each.values())
    return Remaining(
        each, makespan(cast("dict[Spec, float]", seconds), at_a_time), at_a_time, unknown
    )


def _means(trainings: Iterable[Progress], name: str) -> dict[str, float]:
    """Mean seconds of a step, by the cost or the kind of trainings."""
    found = defaultdict(list)
    for each in trainings:
        if each.rate:
            found[getattr(each.planned, name)].append(1 / each.rate)
    return {key: sum(values) / len(values) for key, values in found.items()}


def _seconds(
    training: Progress, by_cost: dict[str, float], by_kind: dict[str, float]
) -> float | None:
    planned, steps = training.planned, max(0, training.steps - training.step)
    if planned.cost is None:
        return 0.0
    step = 1 / training.rate if training.rate else by_cost.get(planned.cost)
    step = by_kind.get(planned.kind) if step is None else step
    return None if step is None else steps * step
