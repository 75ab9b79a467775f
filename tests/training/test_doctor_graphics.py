"""The doctor on machines with made-up GPUs."""

import subprocess

import pytest

from training.doctor.finding import OK, PROBLEM, WARNING
from training.doctor.graphics import GPU, View, driver_gpus, gpus, hardware_gpus, visible

H200 = GPU("NVIDIA H200", 143_771, 4, (9, 0), "570.86.15")
V100 = GPU("Tesla V100-SXM2-16GB", 16_384, 300, (7, 0), "535.1")
OLD = GPU("NVIDIA H200", 143_771, 4, (9, 0), "515.65.01")


def examined(shown=(), hardware=None, seen=0, cuda="12.5.1", unmet=(), **environment) -> list:
    """The findings on some GPUs."""
    hardware = len(shown) if hardware is None else hardware
    return gpus(lambda: list(shown), View(hardware, seen, cuda, unmet, environment))


@pytest.mark.parametrize(
    ("machine", "status", "said", "advice"),
    [
        ({"cuda": None}, OK, "none; trainings run on the processor", ""),
        ({"hardware": 2}, WARNING, "2 of NVIDIA's in the machine, but no driver", "--gpus=all"),
        ({"shown": [H200], "cuda": None}, WARNING, "the wheel without CUDA", "'.[gpu]'"),
        ({"shown": [H200]}, PROBLEM, "the driver shows 1 (NVIDIA H200", "TF_CPP_MIN_LOG_LEVEL=0"),
        (
            {"shown": [H200], "unmet": ["nvidia-cudnn-cu12 is missing"]},
            PROBLEM, "TensorFlow uses 0: nvidia-cudnn-cu12 is missing", "pip install -e '.[gpu]'",
        ),
        (
            {"shown": [OLD], "unmet": ["nvidia-cudnn-cu12 is missing"]},
            PROBLEM, "driver 515.65.01 is too old for CUDA 12", "driver 525 or newer",
        ),
        (
            {"shown": [H200], "LD_LIBRARY_PATH": "/usr/local/cuda-11/lib64"},
            PROBLEM, "LD_LIBRARY_PATH may lead it to other", "unset LD_LIBRARY_PATH",
        ),
        ({"shown": [H200], "CUDA_VISIBLE_DEVICES": "-1"}, OK, "hidden from TensorFlow by", ""),
        ({"shown": [H200], "CUDA_VISIBLE_DEVICES": "0"}, PROBLEM, "TensorFlow uses 0", "see what"),
        ({"shown": [H200], "seen": 1}, OK, "NVIDIA H200, 140 GiB, compute capability 9.0", ""),
        ({"shown": [V100], "seen": 1}, WARNING, "kernels from 7.5 on", "slower"),
        ({"shown": [], "seen": 1}, OK, "TensorFlow uses 1", ""),  # nvidia-smi is not there
    ],
)  # fmt: skip
def test_one_kind_of_gpu(machine, status, said, advice):
    (finding,) = examined(**machine)
    assert finding.status == status
    assert said in finding.found
    assert advice in finding.advice


def test_every_gpu_has_its_finding():
    busy = GPU("NVIDIA A10", 23_028, 9_000, (8, 6), "570.1")
    small = GPU("NVIDIA T1000", 4_096, 10, (7, 5), "570.1")
    findings = examined([H200, busy, small], seen=3)
    assert [finding.status for finding in findings] == [OK, WARNING, WARNING]
    assert "other programs hold 9 GiB of it" in findings[1].found
    assert "too little for stylegan2.train --preset=config-f" in findings[2].found


def test_one_of_two_gpus_that_is_not_used_is_a_problem_unless_it_is_hidden():
    assert [each.status for each in examined([H200, H200], seen=1)] == [PROBLEM]
    hidden = examined([H200, H200], seen=1, CUDA_VISIBLE_DEVICES="1")
    assert [each.status for each in hidden] == [OK, OK]


@pytest.mark.parametrize(
    ("variable", "count"),
    [("", 0), ("-1", 0), ("0", 1), ("0,2", 2), ("1, 3", 2), ("0,-1,1", 1), ("4", 0),
     ("GPU-8932f937,GPU-d1a1", 2), ("0,7,1", 1)],
)  # fmt: skip
def test_visible_devices_are_counted_as_cuda_counts_them(variable, count):
    assert visible(variable, gpus=4) == count


def test_the_drivers_answer_is_read():
    said = "NVIDIA H200, 143771, 4, 9.0, 570.86.15\nNVIDIA GB10, [N/A], [N/A], 12.1, 580.95.05\n"
    commands = []
    first, second = driver_gpus(lambda command: commands.append(command) or said)
    assert first == H200
    assert (second.name, second.total, second.capability) == ("NVIDIA GB10", 0, (12, 1))
    assert commands[0][0] == "nvidia-smi"
    assert [each.status for each in examined([second], seen=1)] == [OK]


def test_no_driver_is_no_gpu_and_a_broken_one_is_a_problem():
    def missing(command):
        raise FileNotFoundError(command[0])

    def broken(command):
        said = "Failed to initialize NVML: Driver/library version mismatch\n"
        raise subprocess.CalledProcessError(18, command, said)

    assert driver_gpus(missing) == []
    (finding,) = gpus(lambda: driver_gpus(broken), View(1, 0, "12.5.1", (), {}))
    assert finding.status == PROBLEM
    assert "Driver/library version mismatch" in finding.found


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
