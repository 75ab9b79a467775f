"""Memory and disk against what trainings need."""

import dataclasses
import os
import shutil
from pathlib import Path

from training.doctor.cgroups import memory_left
from training.doctor.finding import Finding, ok, problem, warning

GIGA = 1e9


@dataclasses.dataclass(frozen=True)
class Need:
    """What a piece of work takes.

    Attributes:
        what: the work.
        memory: GB of main memory of one process, or of GPU memory where there is a GPU.
        disk: GB that it leaves, without its data.
    """

    what: str
    memory: float
    disk: float


# Memory: the peak of a process that made one minibatch of everything, on a processor, in float32.
# Disk: checkpoints, three of which lie there while one is written, models, and cached images.
NEEDS = (
    Need("make demo", 1.0, 0.2),
    Need("stylegan2.train --preset=quick", 1.5, 0.2),
    Need("one of the paper's DCGANs", 1.0, 0.1),
    Need("stylegan2.train --preset=config-f at 256x256", 10.0, 3.0),
)


def memory(total: int, available: int) -> Finding:
    """Whether the memory that is free will do.

    Args:
        total: bytes of the machine.
        available: bytes that this process can have.
    """
    found = f"{available / GIGA:.1f} of {total / GIGA:.1f} GB can be had"
    needs = {need.what: need.memory for need in NEEDS}
    advice = "end other programs, raise the container's limit, or train fewer at a time (--workers)"
    return _compared("Memory", found, available, needs, advice)


def this_memory() -> Finding:
    """`memory` of this machine."""
    total, available = physical_memory()
    left = memory_left()
    return memory(total, available if left is None else min(available, left))


def physical_memory(path: Path = Path("/proc/meminfo")) -> tuple[int, int]:
    """Bytes of memory in all, and those that can be had; the same elsewhere than on Linux.

    Raises:
        OSError, ValueError: the system does not tell.
    """
    if not path.exists():
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return total, total
    entries = dict(line.split(":", 1) for line in path.read_text().splitlines())
    total, available = (
        int(entries[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable")
    )
    return total, available


def disk(folder: Path, free: int, free_files: int | None) -> Finding:
    """Whether the disk has room for results.

    Args:
        folder: where results will lie.
        free: bytes that this user may still write.
        free_files: how many files, or None if the system sets no number.
    """
    advice = f"delete what is not needed below {folder}, or give --workdir a folder elsewhere"
    if free_files is not None and free_files < 10_000:
        return problem(
            "Disk", f"{folder}: only {free_files:,} more files can be made (inodes)", advice
        )
    needs = {need.what: need.disk for need in NEEDS}
    return _compared("Disk", f"{folder}: {free / GIGA:.1f} GB free", free, needs, advice)


def this_disk(folder: Path) -> Finding:
    """`disk` of the one that an existing folder lies on."""
    files = None
    if hasattr(os, "statvfs"):
        system = os.statvfs(folder)
        files = system.f_favail if system.f_files else None  # some keep no such count
    return disk(folder, shutil.disk_usage(folder).free, files)


def _compared(
    check: str, found: str, available: int, needs: dict[str, float], advice: str
) -> Finding:
    """Nothing may fit, or not everything; the first need is the smallest that matters."""
    short = [what for what, need in needs.items() if need * GIGA > available]
    if next(iter(needs)) in short:
        return problem(check, f"{found}, too little for any training", advice)
    if short:
        listed = ", ".join(f"{what} ({needs[what]:g} GB)" for what in short)
        return warning(check, f"{found}, too little for {listed}", advice)
    what, most = max(needs.items(), key=lambda item: item[1])
    return ok(check, f"{found}, enough for {what} ({most:g} GB)")
