"""Replicas that share a batch train as one device does, and hold the same values."""

import json
import re
from pathlib import Path

import commands
import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.distribution import (
    check_batch_size,
    distribute,
    make_strategy,
    replica_slice,
)

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("two_replicas.py")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> dict:
    # Without GPUs, which would do the one device's part with another rounding.
    folder = tmp_path_factory.mktemp("trainings")
    finished = commands.run(SCRIPT, folder, CUDA_VISIBLE_DEVICES="-1")
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def test_two_replicas_end_where_one_device_does(outcome):
    assert outcome["replicas"] == 2
    for one, two in zip(outcome["one"], outcome["two"], strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-5, atol=1e-6)


def test_two_replicas_log_what_one_device_does(outcome):
    for one, two in zip(*outcome["metrics"], strict=True):
        assert two == pytest.approx(one, rel=1e-5)


def test_both_replicas_hold_the_same_values(outcome):
    first, second = outcome["copies"]
    assert first == second == outcome["two"]


def test_two_replicas_resume_as_if_unbroken(outcome):
    assert outcome["interrupted"]
    unbroken, resumed = outcome["digests"]
    assert resumed == unbroken
    assert outcome["resumed copies"] == outcome["copies"]
    assert outcome["resumed metrics"] == outcome["metrics"][1]


def test_replica_r_gets_the_rth_slice_of_everything(outcome):
    assert outcome["distributed"] == [
        [[[0, 1], [2, 3]], [[4, 5], [6, 7]]],
        [[0.0, 1.0], [2.0, 3.0]],
    ]
    assert outcome["sliced"] == [[[0.0], [1.0]], [[2.0], [3.0]]]


def test_a_batch_must_divide_evenly(outcome):
    assert outcome["odd batch"] == ""
    assert re.search(r"batch size 5 .* multiple of 2", outcome["odd batch on two"])


def test_devices_that_are_there_can_be_had_again_and_no_more(outcome):
    assert outcome["as many again"] == ""
    assert "cannot make 3 logical CPU devices" in outcome["more"]


def test_too_late_for_more_devices_is_an_error():
    count = len(tf.config.list_logical_devices("CPU"))  # starts TensorFlow, if nothing else has
    with pytest.raises(InputError, match="TensorFlow has already started"):
        make_strategy(cpu_replicas=count + 1)


@pytest.mark.skipif(
    len(tf.config.list_physical_devices("GPU")) > 1, reason="several GPUs share the batch"
)
def test_one_device_gets_everything():
    strategy = make_strategy()
    assert strategy.num_replicas_in_sync == 1
    check_batch_size(5, strategy)
    images, labels = np.zeros((5, 2, 2, 1), np.uint8), np.arange(5)
    whole = distribute(strategy, (images, labels))
    assert [(each.dtype, each.shape) for each in whole] == [
        (tf.uint8, (5, 2, 2, 1)),
        (tf.int64, (5,)),
    ]
    np.testing.assert_array_equal(whole[1], labels)
    np.testing.assert_array_equal(strategy.run(replica_slice, (whole[1],)), labels)
