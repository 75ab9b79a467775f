"""Cores, instructions, memory and disk against what trainings need."""

import os
import platform
import re
from pathlib import Path
from typing import NamedTuple

import psutil

from gan_knowledge_gaps.data.threads import usable_cores
from gan_knowledge_gaps.training.cgroups import memory_left, processor_quota
from gan_knowledge_gaps.training.doctor.check import Check, problem

GIGA = 1e9
THREADS = "TF_NUM_INTRAOP_THREADS"


class Need(NamedTuple):
    """GB that a piece of work takes of (GPU or main) memory, and that it leaves on the disk."""

    work: str
    memory: float
    disk: float


# Memory: the peak of a process that made one minibatch of everything, on a processor, in float32.
# Disk: checkpoints, three of which lie there while one is written, models, and cached images.
# The first is the smallest that matters.
NEEDS = (
    Need("make demo", 1.0, 0.2),
    Need("stylegan2.train --preset=quick", 1.5, 0.2),
    Need("one of the paper's DCGANs", 1.0, 0.1),
    Need("stylegan2.train --preset=config-f at 256x256", 10.0, 3.0),
)


def cores() -> Check:
    """Whether TensorFlow takes as many threads as this process has cores."""
    usable, quota, load = usable_cores(), processor_quota(), psutil.getloadavg()[0]
    chosen = os.environ.get(THREADS, "")
    threads = int(chosen) if chosen.isdigit() and int(chosen) else usable
    share = usable if quota is None else min(usable, max(1, round(quota)))
    found = f"{usable} usable, {threads} threads"
    if threads > share:
        found += f", and time for {share} only: threads wait for each other"
        advice = f"export {THREADS}={share} (a run repeats its bits only with as many threads)"
        return Check("Cores", found, advice)
    if load > usable:
        advice = "end them, or expect everything to take longer: top shows them"
        return Check("Cores", f"{found}; other programs want {load:.1f} cores already", advice)
    return Check("Cores", found)


def instructions(cpuinfo: Path = Path("/proc/cpuinfo")) -> Check:
    """Whether the processor has what TensorFlow needs, and whether it knows bfloat16."""
    kind, text = platform.machine(), cpuinfo.read_text() if cpuinfo.exists() else ""
    flags = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    if flags is None:
        return Check("Instructions", f"{kind}; which ones is not known on this system")
    if kind in ("x86_64", "AMD64") and not re.search(r"\bavx\b", flags[1]):
        found = "the processor has no AVX, which TensorFlow's wheels need"
        advice = "use another machine; in a virtual one, give it its host's processor type"
        return problem("Instructions", found, advice)
    if re.search(r"bf16\b", flags[1]):
        found = f"{kind}: has bfloat16; whether that pays is measured below"
    else:
        found = f"{kind}: no bfloat16; float32 is the fastest precision"
    return Check("Instructions", found)


def memory() -> Check:
    """Whether the memory that is free will do."""
    machine, left = psutil.virtual_memory(), memory_left()
    free = machine.available if left is None else min(machine.available, left)
    found = f"{free / GIGA:.1f} of {machine.total / GIGA:.1f} GB can be had"
    advice = "end other programs, raise the container's limit, or train fewer at a time (--workers)"
    return _compared("Memory", found, free, {need.work: need.memory for need in NEEDS}, advice)


def disk(folder: Path) -> Check:
    """Whether the disk of an existing folder has room for results."""
    free = psutil.disk_usage(str(folder)).free
    advice = f"delete what is not needed below {folder}, or give --workdir a folder elsewhere"
    system = os.statvfs(folder) if hasattr(os, "statvfs") else None
    if system and system.f_files and system.f_favail < 10_000:  # some keep no such count
        found = f"{folder}: only {system.f_favail:,} more files can be made (inodes)"
        return problem("Disk", found, advice)
    found = f"{folder}: {free / GIGA:.1f} GB free"
    return _compared("Disk", found, free, {need.work: need.disk for need in NEEDS}, advice)


def _compared(name: str, found: str, free: int, needs: dict[str, float], advice: str) -> Check:
    """All may fit, not everything, or nothing."""
    short = [f"{work} ({need:g} GB)" for work, need in needs.items() if need * GIGA > free]
    if needs[NEEDS[0].work] * GIGA > free:
        return problem(name, f"{found}, too little for any training", advice)
    if short:
        return Check(name, f"{found}, too little for {', '.join(short)}", advice)
    return Check(name, f"{found}, enough for all up to {NEEDS[-1].work}")
