"""An estimate as text: trainings, device-hours, wall time and disk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gan_knowledge_gaps.lab.planning.estimate import CostEstimate
from gan_knowledge_gaps.lab.planning.schedule import on_devices
from gan_knowledge_gaps.lab.specs import Spec
from gan_knowledge_gaps.lab.store.listing import bytes_text

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.planning.costs import Cost

DEVICES = (1, 8, 64)


def whole_plan(plan: CostEstimate, costs: Mapping[Spec, Cost], done: int, cache_bytes: int) -> str:
    """A table of the cost classes of trainings that are missing, and what all of them take.

    Args:
        plan: what they take.
        costs: of their cost classes.
        done: how many of the plan's values are trained already.
        cache_bytes: of the disk, for what can be computed again.
    """
    classes: dict[Spec, list[float]] = defaultdict(list)
    for spec in plan.trainings:
        if spec.cost_class is not None:
            classes[spec.cost_class].append(plan.seconds[spec])
    lines = [f"{'trainings':>9}  {'a step':>9}  {'one of them':>13}  {'all':>13}  trainings of"]
    for each, taken in sorted(classes.items(), key=lambda item: item[0].cost_name):
        step, mean = costs[each].seconds, sum(taken) / len(taken)
        times = f"{step:>7.3g} s  {duration(mean):>13}  {duration(sum(taken)):>13}"
        lines.append(f"{len(taken):>9}  {times}  {each.cost_name}")
    derived = len(plan.seconds) - len(plan.trainings)
    lines.append(f"{len(plan.trainings)} to train, {derived} to derive from them, {done} done")
    if classes:
        lines += _totals(plan, cache_bytes)
    return "\n".join(lines)


def _totals(plan: CostEstimate, cache_bytes: int) -> list[str]:
    lines = [f"on one device: {_hours(plan)} device-hours"]
    for devices in DEVICES[1:]:
        wall, each = on_devices(plan.seconds, devices, plan.speedups)
        lines.append(f"on {devices} devices, {each} to a training: {duration(wall)}")
    networks, checkpoints = bytes_text(plan.networks), bytes_text(plan.checkpoints)
    caches = bytes_text(cache_bytes)
    lines.append(
        f"disk: {networks} of networks, {checkpoints} of checkpoints, at most {caches} of caches"
    )
    return lines


def each_alone(plans: Mapping[str, CostEstimate]) -> str:
    """A table of what is missing of each experiment, trained without the others.

    Args:
        plans: of the experiments, by name.
    """
    walls = "".join(f"  {f'on {devices}':>12}" for devices in DEVICES)
    lines = [f"{'experiment alone':<22}{'trainings':>9}  {'device-hours':>12}{walls}  {'disk':>9}"]
    for name, plan in plans.items():
        walls = "".join(f"  {_wall(plan, devices):>12}" for devices in DEVICES)
        disk = bytes_text(plan.networks + plan.checkpoints)
        counts = f"{len(plan.trainings):>9}  {_hours(plan):>12}"
        lines.append(f"{name:<22}{counts}{walls}  {disk:>9}")
    return "\n".join(lines)


def _hours(plan: CostEstimate) -> str:
    hours = plan.device_seconds / 3600
    return f"{hours:,.1f}" if hours < 100 else f"{hours:,.0f}"


def _wall(plan: CostEstimate, devices: int) -> str:
    return duration(on_devices(plan.seconds, devices, plan.speedups)[0])


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, length in (("years", 365 * 86400), ("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"
