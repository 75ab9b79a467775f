"""A bill as text: trainings, device-hours, wall time and disk."""

from collections import defaultdict
from collections.abc import Mapping

from experiments.planning.bill import Bill
from experiments.planning.kinds import Kind, kind_of
from experiments.planning.measuring import Cost
from experiments.planning.schedule import on_devices
from experiments.storage.listing import bytes_text

DEVICES = (1, 8, 64)


def whole_plan(bill: Bill, costs: Mapping[Kind, Cost], done: int, cache_bytes: int) -> str:
    """A table of the kinds of trainings that are missing, and what all of them take.

    Args:
        bill: of the plan.
        costs: of the kinds in it.
        done: how many of the plan's values are trained already.
        cache_bytes: of the disk, for what can be computed again.
    """
    kinds: dict[Kind, list[float]] = defaultdict(list)
    for spec in bill.trainings:
        kinds[kind_of(spec)].append(bill.seconds[spec])
    lines = [f"{'trainings':>9}  {'a step':>9}  {'one of them':>13}  {'all':>13}  kind"]
    for kind, taken in sorted(kinds.items()):
        step, mean = costs[kind].seconds, sum(taken) / len(taken)
        times = f"{step:>7.3g} s  {duration(mean):>13}  {duration(sum(taken)):>13}"
        lines.append(f"{len(taken):>9}  {times}  {kind}")
    derived = len(bill.seconds) - len(bill.trainings)
    lines.append(f"{len(bill.trainings)} to train, {derived} to derive from them, {done} done")
    if kinds:
        lines += _totals(bill, cache_bytes)
    return "\n".join(lines)


def _totals(bill: Bill, cache_bytes: int) -> list[str]:
    lines = [f"on one device: {_hours(bill)} device-hours"]
    for devices in DEVICES[1:]:
        wall, each = on_devices(bill.seconds, devices, bill.speedups)
        lines.append(f"on {devices} devices, {each} to a training: {duration(wall)}")
    networks, checkpoints = bytes_text(bill.networks), bytes_text(bill.checkpoints)
    caches = bytes_text(cache_bytes)
    lines.append(
        f"disk: {networks} of networks, {checkpoints} of checkpoints, at most {caches} of caches"
    )
    return lines


def each_alone(bills: Mapping[str, Bill]) -> str:
    """A table of what is missing of each experiment, trained without the others.

    Args:
        bills: of the experiments, by name.
    """
    walls = "".join(f"  {f'on {devices}':>12}" for devices in DEVICES)
    lines = [f"{'experiment alone':<22}{'trainings':>9}  {'device-hours':>12}{walls}  {'disk':>9}"]
    for name, bill in bills.items():
        walls = "".join(f"  {_wall(bill, devices):>12}" for devices in DEVICES)
        disk = bytes_text(bill.networks + bill.checkpoints)
        counts = f"{len(bill.trainings):>9}  {_hours(bill):>12}"
        lines.append(f"{name:<22}{counts}{walls}  {disk:>9}")
    return "\n".join(lines)


def _hours(bill: Bill) -> str:
    hours = bill.device_seconds / 3600
    return f"{hours:,.1f}" if hours < 100 else f"{hours:,.0f}"


def _wall(bill: Bill, devices: int) -> str:
    return duration(on_devices(bill.seconds, devices, bill.speedups)[0])


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, length in (("years", 365 * 86400), ("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"
