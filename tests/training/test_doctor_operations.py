"""StyleGAN2's operations in the doctor: there, held up by another build, missing, wrong."""

import numpy as np
import pytest
from filelock import FileLock

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.ops import checkup
from gan_knowledge_gaps.training.doctor.check import OK, PROBLEM, WARNING
from gan_knowledge_gaps.training.native import library


def test_equal_numbers_are_ok_and_others_a_problem():
    exact = checkup.values("tensorflow")
    assert [each.shape for each in exact] == [(2, 8, 6, 5)] * 2 + [(2, 8, 6, 5), (5,)]

    def off_by(factor):
        return lambda kind: [each * (factor if kind == "custom" else 1) for each in exact]

    assert checkup.right("CPU:0", off_by(1 + 1e-7)).status == OK
    assert checkup.right("CPU:0", off_by(1 + 1e-4)).status == PROBLEM
    assert checkup.right("CPU:0", off_by(np.float32(np.nan))).status == PROBLEM


def test_the_second_gradient_is_a_difference_of_gradients():
    """The penalty's slope along the bias, against the penalty at two biases."""
    import tensorflow as tf

    values = checkup.values("tensorflow")
    bias = tf.random.stateless_normal([5], (3, 4)).numpy().astype(np.float64)
    images = tf.random.stateless_normal([2, 8, 6, 5], (1, 2)).numpy().astype(np.float64)
    step = np.float64([1e-5, 0, 0, 0, 0])
    slope = (_penalty(images, bias + step) - _penalty(images, bias - step)) / 2e-5
    np.testing.assert_allclose(values[3][0], slope, rtol=1e-4)


def _penalty(images: np.ndarray, bias: np.ndarray) -> float:
    """The squared gradient of the layer's sum, in float64."""
    import tensorflow as tf

    from gan_knowledge_gaps.stylegan2.ops import downsample_2d, fused_bias_act, upsample_2d

    images, bias = tf.constant(images), tf.constant(bias)
    with tf.GradientTape() as tape:
        tape.watch(images)
        x = fused_bias_act(
            upsample_2d(images, implementation="tensorflow"), bias, "swish",
            implementation="tensorflow",
        )  # fmt: skip
        x = downsample_2d(x, implementation="tensorflow")
    return float(tf.reduce_sum(tape.gradient(x, images) ** 2))


def test_a_build_by_another_process_is_told_and_a_left_lock_is_not(tmp_path):
    (tmp_path / "left.lock").write_text("12345")
    assert checkup.locked(tmp_path) == []
    assert checkup.locked(tmp_path / "missing") == []
    with FileLock(tmp_path / "held.lock"):
        assert checkup.locked(tmp_path) == [tmp_path / "held.lock"]
        check = checkup.library_available(tmp_path)
    assert check.status == WARNING
    assert "another process is building them" in check.found


def test_operations_that_cannot_be_had_are_a_warning_with_the_reason(tmp_path, monkeypatch):
    def refuse(implementation):
        raise InputError("the custom operations cannot be used: there is no C++ compiler")

    monkeypatch.setattr(library, "load", refuse)
    check = checkup.library_available(tmp_path)
    assert (check.name, check.status) == ("Custom operations", WARNING)
    assert "there is no C++ compiler" in check.found
    assert "python -m training.native.build" in check.advice


@pytest.mark.parametrize("cuda", [False, True])
def test_operations_that_are_there_are_ok(tmp_path, monkeypatch, cuda):
    built = library.cache.Library(tmp_path / "x.so", cuda, None, 65.4)
    monkeypatch.setattr(library, "load", lambda kind: object())
    monkeypatch.setattr(library, "obtain", lambda: library.Loaded(built, None, False))
    check = checkup.library_available(tmp_path)
    assert check.status == OK
    assert check.found.startswith(f"built for the CPU{' and GPUs' if cuda else ''} in 65 s")
