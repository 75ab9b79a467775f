"""The doctor on made-up machines: cores, instructions, limits, memory, disks."""

from pathlib import Path

import pytest

from training.doctor import capacity, cgroups, processor
from training.doctor.finding import OK, PROBLEM, WARNING

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
def test_threads_are_compared_with_cores(usable, quota, load, threads, status):
    environment = {} if threads is None else {"TF_NUM_INTRAOP_THREADS": threads}
    assert processor.cores(usable, quota, load, environment).status == status


def test_too_many_threads_are_answered_by_a_number_that_fits():
    finding = processor.cores(64, 4.0, 0.0, {})
    assert "export TF_NUM_INTRAOP_THREADS=4 " in finding.advice


@pytest.mark.parametrize(
    ("architecture", "flags", "status", "said"),
    [
        ("x86_64", {"sse4_2"}, PROBLEM, "no AVX"),
        ("x86_64", {"avx", "avx2", "avx512f"}, OK, "no bfloat16; float32 is the fastest"),
        ("x86_64", {"avx", "avx512_bf16"}, OK, "bfloat16 (--network_precision"),
        ("AMD64", {"avx", "amx_bf16"}, OK, "bfloat16 (--network_precision"),
        ("aarch64", {"asimd", "bf16"}, OK, "bfloat16 (--network_precision"),
        ("aarch64", {"asimd"}, OK, "no bfloat16"),
        ("arm64", set(), OK, "not known"),
    ],
)
def test_instructions(architecture, flags, status, said):
    finding = processor.instructions(architecture, flags)
    assert finding.status == status
    assert said in finding.found


def test_instructions_are_read_from_linux(tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nflags\t\t: fpu avx avx2\n\nprocessor\t: 1\nflags\t\t: fpu\n")
    assert processor.processor_flags(path) == {"fpu", "avx", "avx2"}
    path.write_text("processor\t: 0\nFeatures\t: fp asimd bf16\n")
    assert processor.processor_flags(path) == {"fp", "asimd", "bf16"}
    assert processor.processor_flags(tmp_path / "missing") == set()


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
    first = capacity.NEEDS[0]
    assert first.what == "make demo"
    assert first.memory == min(need.memory for need in capacity.NEEDS)


def test_memory_is_compared_with_needs():
    most = max(need.memory for need in capacity.NEEDS)
    assert capacity.memory(64 * GB, int(most * GB)).status == OK
    finding = capacity.memory(64 * GB, int(most * GB) - 1)
    assert finding.status == WARNING
    assert "config-f" in finding.found
    assert "make demo" not in finding.found
    finding = capacity.memory(64 * GB, int(0.4 * GB))
    assert finding.status == PROBLEM
    assert finding.found.startswith("0.4 of 64.0 GB")


def test_disk_is_compared_with_needs(tmp_path):
    assert capacity.disk(tmp_path, 900 * GB, None).status == OK
    assert capacity.disk(tmp_path, 900 * GB, 10**6).status == OK
    assert capacity.disk(tmp_path, 900 * GB, 12).status == PROBLEM
    assert capacity.disk(tmp_path, 1 * GB, 10**6).status == WARNING
    assert capacity.disk(tmp_path, 10**7, 10**6).status == PROBLEM


def test_linux_tells_its_memory(tmp_path):
    path = tmp_path / "meminfo"
    path.write_text("MemTotal:  2000 kB\nMemFree:  10 kB\nMemAvailable:  1500 kB\n")
    assert capacity.physical_memory(path) == (2_048_000, 1_536_000)
    total, available = capacity.physical_memory(tmp_path / "missing")
    assert total == available > 10**8  # of this machine
