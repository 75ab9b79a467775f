"""The doctor's judgement of replicas, repeated runs and arithmetic, wrong ones included."""

import numpy as np
import pytest

from gan_knowledge_gaps.training.doctor import devices, replicas
from gan_knowledge_gaps.training.doctor.check import OK, PROBLEM
from gan_knowledge_gaps.training.doctor.replicas import RATE

ALONE = [np.float32([1.0, -2.0]), np.float32([[0.5]])]


def changed(by: float) -> list[np.ndarray]:
    return [ALONE[0] + np.float32([0, by]), ALONE[1]]


@pytest.mark.parametrize(
    ("copies", "status", "said"),
    [
        ([ALONE, ALONE], OK, "train as one device does"),
        ([changed(1e-6), changed(1e-6)], OK, "by 1e-06 at most"),
        ([changed(RATE), changed(RATE)], PROBLEM, "train otherwise than one device, by 1e-02"),
        ([ALONE, changed(1e-6)], PROBLEM, "do not agree on the variables"),
        ([ALONE, changed(np.nan)], PROBLEM, "not finite"),
        ([changed(np.inf), changed(np.inf)], PROBLEM, "not finite"),
    ],
)
def test_replicas_are_compared_with_one_device_and_each_other(copies, status, said):
    check = replicas.equal("2 GPUs", ALONE, copies)
    assert check.status == status
    assert check.found.startswith("2 GPUs ")
    assert said in check.found


def test_repeated_runs_are_compared_bit_by_bit():
    assert replicas.repeats("CPU", "ab12", "ab12").status == OK
    assert replicas.repeats("CPU", "ab12", "ab13").status == PROBLEM


def test_the_devices_of_this_machine_compute_what_numpy_computes():
    assert devices.arithmetic("/device:CPU:0", devices.convolve).status == OK


def flipped(device, images, kernel):
    """A true convolution, where TensorFlow's correlates."""
    return devices.convolve(device, images, kernel[::-1, ::-1].copy())


def coarse(device, images, kernel):
    """With 11 bits, as TF32 has."""
    return tuple(np.float16(each) for each in devices.convolve(device, images, kernel))


def not_a_number(device, images, kernel):
    return tuple(each * np.nan for each in devices.convolve(device, images, kernel))


@pytest.mark.parametrize("compute", [flipped, coarse, not_a_number])
def test_wrong_arithmetic_is_a_problem(compute):
    assert devices.arithmetic("/device:CPU:0", compute).status == PROBLEM


@pytest.mark.parametrize(
    ("imported", "installed", "status", "said"),
    [
        ("2.21.0", ["2.21.0"], OK, "2.21.0, started in 4.2 s"),
        ("2.15.0", ["2.21.0"], PROBLEM, "2.15.0 is imported, from /x.py"),
        ("2.21.0", [], PROBLEM, "none is installed"),
    ],
)
def test_what_is_imported_is_what_is_installed(imported, installed, status, said):
    check = devices.versions(imported, "/x.py", installed, 4.2)
    assert check.status == status
    assert said in check.found
