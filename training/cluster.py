"""Which processes train one thing together: TF_CONFIG, or the tasks of a Slurm step.

TF_CONFIG is TensorFlow's environment variable, one JSON object for each process:

    {"cluster": {"worker": ["host0:12345", "host1:12345"]}, "task": {"type": "worker", "index": 0}}

`TF_CONFIG=slurm` says: the tasks that this srun started.
"""

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from typing import Any

from gan_knowledge_gaps.data import InputError

VARIABLE = "TF_CONFIG"
SLURM = "slurm"
EXAMPLE = '{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'
# Below the ports that Linux gives to outgoing connections; each Slurm step has 16 of its own.
_FIRST_PORT, _PORTS, _PORTS_OF_A_STEP = 12000, 20000, 16


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The workers that train together.

    Attributes:
        addresses: "host:port" of each worker; the first is the chief.
        index: which of them this process is.
    """

    addresses: tuple[str, ...]
    index: int


def is_set(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process was told to be one of a cluster."""
    return bool(environment.get(VARIABLE))


def find_cluster(environment: Mapping[str, str] = os.environ) -> Cluster | None:
    """The cluster that the environment describes; None where it describes none.

    A `chief` beside the workers comes first. One worker alone is a cluster of one.

    Raises:
        InputError: the description is incomplete or contradicts itself.
    """
    text = environment.get(VARIABLE, "")
    if not text:
        return None
    if text == SLURM:
        return _of_slurm(environment)
    try:
        return _of_json(json.loads(text))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        line = f"{VARIABLE} is {text[:200]!r}; it must be like {EXAMPLE}, or {SLURM}"
        raise InputError(line) from error


def _of_json(config: dict[str, Any]) -> Cluster | None:
    """Raises an error of whatever kind unless the description is whole."""
    jobs = config.get("cluster")
    if not jobs:
        return None
    task = config["task"]
    chiefs, workers = jobs.get("chief", []), jobs.get("worker", [])
    addresses = (*chiefs, *workers)
    before = {"chief": 0, "worker": len(chiefs)}[task["type"]]
    index = before + range(len(jobs[task["type"]])).index(int(task["index"]))
    known = set(jobs) <= {"chief", "worker"} and len(chiefs) <= 1
    distinct = len(set(addresses)) == len(addresses)
    if not (known and distinct and all(re.fullmatch(r"\S+:[0-9]+", each) for each in addresses)):
        raise ValueError
    return Cluster(addresses, index)


def _of_slurm(environment: Mapping[str, str]) -> Cluster:
    """The tasks of this step, in Slurm's order; ports by the numbers of job and step."""

    def value(name: str) -> str:
        try:
            return environment[f"SLURM_{name}"]
        except KeyError as error:
            raise InputError(
                f"{VARIABLE} is {SLURM}, but SLURM_{name} is not set: start the command with srun"
            ) from error

    hosts = expand_hosts(value("STEP_NODELIST"))
    counts = expand_counts(value("STEP_TASKS_PER_NODE"))
    step = int(value("JOB_ID")) + int(value("STEP_ID"))
    port = _FIRST_PORT + step * _PORTS_OF_A_STEP % _PORTS
    per_host = zip(hosts, counts, strict=True)
    nodes = [(host, task) for host, count in per_host for task in range(count)]
    index = int(value("PROCID"))
    here, expected = environment.get("SLURMD_NODENAME"), nodes[index][0]
    if here not in (None, expected):
        raise InputError(
            f"task {index} of the Slurm step runs on {here}, not on {expected}; "
            "start it with srun --distribution=block"
        )
    return Cluster(tuple(f"{host}:{port + task}" for host, task in nodes), index)


def expand_hosts(text: str) -> list[str]:
    """Slurm's short form of host names: `a[01-02,5],b` is a01, a02, a5, b."""
    parts = re.findall(r"(?:[^,\[]|\[[^\]]*\])+", text)
    return [host for part in parts for host in _expand(part)]


def _expand(part: str) -> list[str]:
    bracket = re.search(r"\[([^\]]*)\]", part)
    if bracket is None:
        return [part]
    names = []
    for span in bracket[1].split(","):
        first, _, last = span.partition("-")
        for number in range(int(first), int(last or first) + 1):
            names += _expand(
                f"{part[: bracket.start()]}{number:0{len(first)}d}{part[bracket.end() :]}"
            )
    return names


def expand_counts(text: str) -> list[int]:
    """Slurm's short form of numbers: `2(x3),1` is 2, 2, 2, 1."""
    return [
        int(count)
        for count, times in re.findall(r"([0-9]+)(?:\(x([0-9]+)\))?", text)
        for _ in range(int(times or 1))
    ]
