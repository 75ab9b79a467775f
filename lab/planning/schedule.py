"""How long trainings take on many devices."""

import heapq
from collections.abc import Mapping

from gan_knowledge_gaps.lab.specs import Spec, in_order


def on_devices(
    seconds: Mapping[Spec, float], devices: int, speedups: Mapping[int, float]
) -> tuple[float, int]:
    """The least time on several devices, and how many of them a training then takes.

    Args:
        seconds: of each value, on one device.
        devices: how many there are, at least one.
        speedups: how much faster a training is on so many devices than on one; of 1 at least.
    """
    return min(
        (makespan({spec: s / faster for spec, s in seconds.items()}, devices // each), each)
        for each, faster in speedups.items()
        if each <= devices
    )


def makespan(seconds: Mapping[Spec, float], slots: int) -> float:
    """When the last value is trained, each slot taking the first one that is ready.

    Args:
        seconds: of each value; what they depend on and is not here is trained already.
        slots: trainings side by side, at least 1.
    """
    waiting = [spec for spec in in_order(seconds) if spec in seconds]
    # A heap of (when it ends, which was begun, the value).
    running: list[tuple[float, int, Spec]] = []
    undone, now, begun = set(waiting), 0.0, 0
    while undone:
        ready = [spec for spec in waiting if not undone & set(spec.dependencies)]
        for spec in ready[: slots - len(running)]:
            waiting.remove(spec)
            heapq.heappush(running, (now + seconds[spec], begun, spec))
            begun += 1
        now, _, spec = heapq.heappop(running)
        undone.remove(spec)
    return now
