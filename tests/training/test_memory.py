"""Work that no state of the machine could do is refused before anything is asked for."""

import types

import pytest

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training import memory


def test_the_machines_memory_is_what_the_system_says():
    pages = {line.split(":")[0]: line.split()[1] for line in open("/proc/meminfo")}  # noqa: PTH123, SIM115
    assert 0 < memory.total_memory() <= int(pages["MemTotal"]) * 1024


def test_more_than_the_memory_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(memory, "total_memory", lambda: 8 * 10**9)
    memory.check_memory(8 * 10**9, "--number=1")
    with pytest.raises(InputError, match=r"--number=9: .* 9 GB of memory, and there are 8 GB"):
        memory.check_memory(9 * 10**9, "--number=9")


def test_a_control_group_may_allow_less(monkeypatch):
    machine = types.SimpleNamespace(total=16)
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: machine)
    for left, total in ((None, 16), (4, 4), (99, 16)):
        monkeypatch.setattr(memory, "memory_left", lambda left=left: left)
        assert memory.total_memory() == total
