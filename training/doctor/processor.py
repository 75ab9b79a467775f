"""The processor: how many cores TensorFlow may use, and what they can compute with."""

import os
import platform
from collections.abc import Mapping
from pathlib import Path

from data.threads import usable_cores
from training.doctor.cgroups import processor_quota
from training.doctor.finding import Finding, ok, problem, warning

THREADS = "TF_NUM_INTRAOP_THREADS"
# x86's names; Arm's is bf16.
_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16")


def cores(usable: int, quota: float | None, load: float, environment: Mapping[str, str]) -> Finding:
    """Whether TensorFlow takes as many threads as this process has cores.

    Args:
        usable: cores that this process may run on.
        quota: cores' worth of time that a container allows, or None.
        load: how many programs want to run, on average over the last minute.
        environment: its variables.
    """
    chosen = environment.get(THREADS, "")
    threads = int(chosen) if chosen.isdigit() and int(chosen) else usable
    found = f"{usable} usable, {threads} threads"
    share = usable if quota is None else min(usable, max(1, round(quota)))
    if threads > share:
        limited = f"{found}, and time for {share:g} only" if share < usable else found
        return warning(
            "Cores",
            f"{limited}: threads wait for each other",
            f"export {THREADS}={share} (a run repeats its bits only with as many threads)",
        )
    if load > usable:
        return warning(
            "Cores",
            f"{found}; other programs want {load:.1f} cores already",
            "end them, or expect everything to take longer: top shows them",
        )
    return ok("Cores", found)


def these_cores() -> Finding:
    """`cores` of this machine."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return cores(usable_cores(), processor_quota(), load, os.environ)


def instructions(architecture: str, flags: set[str]) -> Finding:
    """Whether the processor has what TensorFlow needs, and whether bfloat16 is fast.

    Args:
        architecture: as `platform.machine()` says.
        flags: names of the instructions that it has, as in Linux' /proc/cpuinfo; empty if unknown.
    """
    check = "Instructions"
    if not flags:
        return ok(check, f"{architecture}; which ones is not known on this system")
    if architecture.lower() in ("x86_64", "amd64") and "avx" not in flags:
        return problem(
            check,
            "the processor has no AVX, which TensorFlow's wheels need",
            "use another machine; in a virtual one, give it its host's processor type",
        )
    known = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "bf16", "sve")
    found = ", ".join([architecture, *(name for name in known if name in flags)])
    if flags.intersection(_BFLOAT16):
        return ok(check, f"{found}: bfloat16 (--network_precision and its like) should be faster")
    return ok(check, f"{found}: no bfloat16; float32 is the fastest precision")


def these_instructions() -> Finding:
    """`instructions` of this machine's processor."""
    return instructions(platform.machine(), processor_flags(Path("/proc/cpuinfo")))


def processor_flags(path: Path) -> set[str]:
    """Names of a processor's instructions, from Linux' description of it; empty elsewhere."""
    if not path.exists():
        return set()
    for line in path.read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(value.split())
    return set()
