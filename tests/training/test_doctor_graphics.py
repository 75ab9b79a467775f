"""The doctor on machines with made-up GPUs."""

import subprocess

import pytest

from gan_knowledge_gaps.training.doctor import gpus
from gan_knowledge_gaps.training.doctor.check import OK, PROBLEM, WARNING
from gan_knowledge_gaps.training.doctor.gpus import GPU, driver_gpus, hardware_gpus

H200 = GPU("NVIDIA H200", 143_771, 4, (9, 0), "570.86.15")
V100 = GPU("Tesla V100-SXM2-16GB", 16_384, 300, (7, 0), "535.1")
OLD = GPU("NVIDIA H200", 143_771, 4, (9, 0), "515.65.01")


@pytest.fixture
def examined(monkeypatch):
    """Gives the checks of some GPUs."""

    def examine(shown=(), hardware=None, seen=0, cuda="12.5.1", missing=(), **environment) -> list:
        hardware = len(shown) if hardware is None else hardware
        monkeypatch.setattr(gpus, "driver_gpus", lambda: list(shown))
        monkeypatch.setattr(gpus, "hardware_gpus", lambda: hardware)
        for name in ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return gpus.gpus(seen, cuda, missing)

    return examine


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """Puts a program of this name on the PATH, and nothing else."""

    def install(body: str) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path))
    return install


@pytest.mark.parametrize(
    ("machine", "status", "said", "advice"),
    [
        ({"cuda": None}, OK, "none; trainings run on the processor", ""),
        ({"hardware": 2}, WARNING, "2 of NVIDIA's in the machine, but no driver", "--gpus=all"),
        ({"shown": [H200], "cuda": None}, WARNING, "the wheel without CUDA", "'.[gpu]'"),
        ({"shown": [H200]}, PROBLEM, "the driver shows 1 (NVIDIA H200", "TF_CPP_MIN_LOG_LEVEL=0"),
        (
            {"shown": [H200], "missing": ["nvidia-cudnn-cu12 is missing"]},
            PROBLEM, "TensorFlow uses 0: nvidia-cudnn-cu12 is missing", "pip install -e '.[gpu]'",
        ),
        (
            {"shown": [OLD], "missing": ["nvidia-cudnn-cu12 is missing"]},
            PROBLEM, "driver 515.65.01 is too old for CUDA 12", "driver 525 or newer",
        ),
        (
            {"shown": [H200], "LD_LIBRARY_PATH": "/usr/local/cuda-11/lib64"},
            PROBLEM, "LD_LIBRARY_PATH may lead it to other", "unset LD_LIBRARY_PATH",
        ),
        ({"shown": [H200], "CUDA_VISIBLE_DEVICES": "-1"}, OK, "hidden by CUDA_VISIBLE_DEVICES", ""),
        ({"shown": [H200], "CUDA_VISIBLE_DEVICES": ""}, OK, "hidden by CUDA_VISIBLE_DEVICES", ""),
        (
            {"shown": [H200], "CUDA_VISIBLE_DEVICES": "4"},
            PROBLEM, "TensorFlow uses 0 with CUDA_VISIBLE_DEVICES=4", "see what",
        ),
        ({"shown": [H200], "seen": 1}, OK, "NVIDIA H200, 140 GiB, compute capability 9.0", ""),
        ({"shown": [V100], "seen": 1}, WARNING, "kernels from 7.5 on", "slower"),
        ({"shown": [], "seen": 1}, OK, "TensorFlow uses 1", ""),  # nvidia-smi is not there
    ],
)  # fmt: skip
def test_one_kind_of_gpu(machine, status, said, advice, examined):
    (check,) = examined(**machine)
    assert check.status == status
    assert said in check.found
    assert advice in check.advice


def test_every_gpu_has_its_check(examined):
    busy = GPU("NVIDIA A10", 23_028, 9_000, (8, 6), "570.1")
    small = GPU("NVIDIA T1000", 4_096, 10, (7, 5), "570.1")
    checks = examined([H200, busy, small], seen=3)
    assert [check.status for check in checks] == [OK, WARNING, WARNING]
    assert "other programs hold 9 GiB of it" in checks[1].found
    assert "too little for stylegan2.train --preset=config-f" in checks[2].found


def test_one_of_two_gpus_that_is_not_used_is_a_problem_unless_it_is_hidden(examined):
    assert [each.status for each in examined([H200, H200], seen=1)] == [PROBLEM]
    hidden = examined([H200, H200], seen=1, CUDA_VISIBLE_DEVICES="1")
    assert [each.status for each in hidden] == [OK, OK]


def test_the_drivers_answer_is_read(nvidia_smi, examined):
    said = r"NVIDIA H200, 143771, 4, 9.0, 570.86.15\nNVIDIA GB10, [N/A], [N/A], 12.1, 580.95.05\n"
    nvidia_smi(f"printf '{said}'")
    first, second = driver_gpus()
    assert first == H200
    assert (second.name, second.total, second.capability) == ("NVIDIA GB10", 0, (12, 1))
    assert [each.status for each in examined([second], seen=1)] == [OK]


def test_no_driver_is_no_gpu_and_a_broken_one_is_a_problem(nvidia_smi):
    assert driver_gpus() == []
    nvidia_smi("echo Failed to initialize NVML: Driver/library version mismatch; exit 18")
    with pytest.raises(subprocess.CalledProcessError):
        driver_gpus()
    (check,) = gpus.gpus(0, "12.5.1", ())
    assert check.status == PROBLEM
    assert "Driver/library version mismatch" in check.found


def test_graphics_cards_are_counted_on_the_bus(tmp_path):
    devices = {
        "a": ("0x10de", "0x030200"),
        "b": ("0x10de", "0x040300"),
        "c": ("0x8086", "0x030000"),
    }
    for name, (vendor, kind) in devices.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "vendor").write_text(f"{vendor}\n")
        (tmp_path / name / "class").write_text(f"{kind}\n")
    assert hardware_gpus(tmp_path) == 1  # b is its sound, c another's
    assert hardware_gpus(tmp_path / "missing") == 0
