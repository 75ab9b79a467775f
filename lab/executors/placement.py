"""Which cores and which GPUs each of several processes gets."""

import os
from collections.abc import Mapping, Sequence
from typing import TypeVar

Item = TypeVar("Item")

VISIBLE = "CUDA_VISIBLE_DEVICES"


def share(items: Sequence[Item], index: int, count: int) -> list[Item]:
    """Part `index` of `count` equal parts; at least one item, so that parts may share it."""
    first, end = index * len(items) // count, (index + 1) * len(items) // count
    return list(items[first : max(end, first + 1)])


def share_of_cores(index: int, count: int) -> list[int]:
    """The cores of part `index` of `count` of this process's cores; at least one."""
    return share(sorted(os.sched_getaffinity(0)), index, count)


def gpu_names(count: int, environment: Mapping[str, str]) -> list[str]:
    """What CUDA_VISIBLE_DEVICES calls the `count` GPUs that a process sees.

    Args:
        count: as many as CUDA finds. It stops at the first name that it does not know.
        environment: of the process, in which GPUs may have been chosen already.
    """
    chosen = environment.get(VISIBLE)
    names = [str(index) for index in range(count)] if chosen is None else chosen.split(",")
    return [name.strip() for name in names[:count]]


def gpu_places(gpus: Sequence[str], workers: int | None, slots: int | None) -> list[list[str]]:
    """The GPUs of each worker; empty lists where there are none.

    Args:
        gpus: names of all of them.
        workers: how many workers share them in equal parts; with fewer GPUs than workers, a GPU
            has several.
        slots: instead of `workers`, how many each GPU has. The first workers are on different
            GPUs, so that fewer trainings than workers spread over all.
    """
    if slots:
        return [[gpu] for _ in range(slots) for gpu in gpus]
    assert workers is not None  # in place of `slots`
    return [share(gpus, index, workers) if gpus else [] for index in range(workers)]
