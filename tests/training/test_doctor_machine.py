"""The doctor on made-up machines: cores, instructions, limits, memory, disks."""

import types
from pathlib import Path

import pytest

from gan_knowledge_gaps.training import cgroups
from gan_knowledge_gaps.training.doctor import machine as doctors
from gan_knowledge_gaps.training.doctor.check import OK, PROBLEM, WARNING

GB = 10**9


@pytest.mark.parametrize(
    ("usable", "quota", "load", "threads", "status"),
    [
        (8, None, 0.3, None, OK),
        (8, 8.0, 0.3, None, OK),
        (64, 4.0, 0.3, None, WARNING),  # a container with --cpus=4 on a large machine
        (64, 4.0, 0.3, "4", OK),
        (8, None, 0.3, "16", WARNING),
        (8, None, 0.3, "4", OK),
        (8, None, 0.3, "0", OK),  # TensorFlow's "choose yourself"
        (2, None, 7.5, None, WARNING),
        (2, 0.5, 0.1, None, WARNING),
    ],
)
def test_threads_are_compared_with_cores(usable, quota, load, threads, status, monkeypatch):
    made_up(monkeypatch, usable, quota, load)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    if threads is not None:
        monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", threads)
    assert doctors.cores().status == status


def made_up(monkeypatch, usable: int, quota: float | None, load: float) -> None:
    """A machine of some cores, limit and load."""
    monkeypatch.setattr(doctors, "usable_cores", lambda: usable)
    monkeypatch.setattr(doctors, "processor_quota", lambda: quota)
    monkeypatch.setattr(doctors.psutil, "getloadavg", lambda: (load, 0, 0))


def test_too_many_threads_are_answered_by_a_number_that_fits(monkeypatch):
    made_up(monkeypatch, 64, 4.0, 0.0)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    assert "export TF_NUM_INTRAOP_THREADS=4 " in doctors.cores().advice


@pytest.mark.parametrize(
    ("kind", "cpuinfo", "status", "said"),
    [
        ("x86_64", "flags\t\t: fpu sse4_2\n", PROBLEM, "no AVX"),
        ("x86_64", "flags\t\t: avx avx2 avx512f\n", OK, "no bfloat16; float32 is the fastest"),
        ("x86_64", "flags\t\t: avx avx512_bf16\n", OK, "has bfloat16"),
        ("AMD64", "flags\t\t: avx amx_bf16 smap\n", OK, "has bfloat16"),
        ("aarch64", "Features\t: fp asimd bf16\n", OK, "has bfloat16"),
        ("aarch64", "Features\t: fp asimd\n", OK, "no bfloat16"),
        ("x86_64", "flags\t: avx\n\nprocessor\t: 1\nflags\t: fpu\n", OK, "no bfloat16"),
        ("arm64", None, OK, "not known"),
    ],
)
def test_instructions_are_read_from_linux(kind, cpuinfo, status, said, tmp_path, monkeypatch):
    monkeypatch.setattr(doctors.platform, "machine", lambda: kind)
    path = tmp_path / "cpuinfo"
    if cpuinfo is not None:
        path.write_text(f"processor\t: 0\n{cpuinfo}")
    check = doctors.instructions(path)
    assert check.status == status
    assert said in check.found


# ---- control groups


def machine(root: Path, files: dict[str, str]) -> Path:
    """A root folder with some files."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def test_version_2_has_the_smallest_limit_on_the_way_up(tmp_path):
    root = machine(
        tmp_path,
        {
            "proc/self/cgroup": "0::/user/job",
            "sys/fs/cgroup/user/cpu.max": "150000 100000",
            "sys/fs/cgroup/user/job/cpu.max": "max 100000",
            "sys/fs/cgroup/user/memory.max": str(8 * GB),
            "sys/fs/cgroup/user/memory.current": str(6 * GB),
            "sys/fs/cgroup/user/memory.stat": f"anon 1\ninactive_file {3 * GB}\nslab 2",
            "sys/fs/cgroup/user/job/memory.max": "max",
            "sys/fs/cgroup/user/job/memory.current": str(6 * GB),
        },
    )
    assert cgroups.processor_quota(root) == 1.5
    assert cgroups.memory_left(root) == 5 * GB


def test_version_1_in_a_container_has_its_limits_at_the_top(tmp_path):
    root = machine(
        tmp_path,
        {
            "proc/self/cgroup": "9:memory:/docker/abc\n1:cpu,cpuacct:/docker/abc\n0::/",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "400000",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": str(4 * GB),
            "sys/fs/cgroup/memory/memory.usage_in_bytes": str(5 * GB),
        },
    )
    assert cgroups.processor_quota(root) == 4.0
    assert cgroups.memory_left(root) == 0


def test_no_limits_are_none(tmp_path):
    assert (cgroups.processor_quota(tmp_path), cgroups.memory_left(tmp_path)) == (None, None)
    root = machine(
        tmp_path,
        {
            "proc/self/cgroup": "9:memory:/\n1:cpu:/",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "1000",
        },
    )
    assert (cgroups.processor_quota(root), cgroups.memory_left(root)) == (None, None)


# ---- memory and disk


def test_needs_begin_with_the_smallest_that_matters():
    first = doctors.NEEDS[0]
    assert first.work == "make demo"
    assert first.memory == min(need.memory for need in doctors.NEEDS)


@pytest.mark.parametrize(
    ("available", "left", "status", "said"),
    [
        (10 * GB, None, OK, "10.0 of 64.0 GB"),
        (10 * GB, 20 * GB, OK, "10.0 of 64.0 GB"),
        (10 * GB - 1, None, WARNING, "too little for stylegan2.train --preset=config-f"),
        (32 * GB, 4 * GB, WARNING, "4.0 of 64.0 GB"),  # the limit of a container
        (GB // 2, None, PROBLEM, "0.5 of 64.0 GB"),
    ],
)
def test_memory_is_compared_with_needs(available, left, status, said, monkeypatch):
    there = types.SimpleNamespace(total=64 * GB, available=available)
    monkeypatch.setattr(doctors.psutil, "virtual_memory", lambda: there)
    monkeypatch.setattr(doctors, "memory_left", lambda: left)
    check = doctors.memory()
    assert check.status == status
    assert said in check.found
    assert "make demo" not in check.found


@pytest.mark.parametrize(
    ("free", "files", "free_files", "status"),
    [
        (900 * GB, 0, 0, OK),  # a file system that counts no files
        (900 * GB, 10**6, 10**6, OK),
        (900 * GB, 10**6, 12, PROBLEM),
        (1 * GB, 10**6, 10**6, WARNING),
        (10**7, 10**6, 10**6, PROBLEM),
    ],
)
def test_disk_is_compared_with_needs(free, files, free_files, status, tmp_path, monkeypatch):
    usage = types.SimpleNamespace(free=free)
    system = types.SimpleNamespace(f_files=files, f_favail=free_files)
    monkeypatch.setattr(doctors.psutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr(doctors.os, "statvfs", lambda path: system)
    check = doctors.disk(tmp_path)
    assert check.status == status
    assert str(tmp_path) in check.found
