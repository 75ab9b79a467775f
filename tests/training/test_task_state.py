"""The digest of a state tells any difference, and nothing but differences."""

import hashlib

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.training.digests import state_digest
from gan_knowledge_gaps.training.task import flat_variables


def state(*values, name="weights"):
    return {name: [tf.Variable(value) for value in values]}


def test_the_digest_is_of_step_names_shapes_types_and_bytes():
    both = {**state(np.float32([[1, 2]]), name="b"), **state(np.int64(3), np.int64(4), name="a")}
    text = b"7" + b"".join(
        [
            b"a/0:():int64", (3).to_bytes(8, "little"),
            b"a/1:():int64", (4).to_bytes(8, "little"),
            b"b/0:(1, 2):float32", bytes.fromhex("0000803f00000040"),
        ]
    )  # fmt: skip
    assert state_digest(both, 7) == hashlib.sha256(text).hexdigest()


def test_every_difference_is_another_digest():
    states = [
        (state(np.float32([1, 2])), 1),
        (state(np.float32([1, 2])), 2),
        (state(np.float32([1, np.nextafter(np.float32(2), np.float32(3))])), 1),
        (state(np.float32([[1, 2]])), 1),
        (state(np.float32([1, 2]).view(np.int32)), 1),
        (state(np.float32(1), np.float32(2)), 1),
        (state(np.float32([1, 2]), name="others"), 1),
        (state(np.float32(0.0)), 1),
        (state(np.float32([0.0])), 1),
        (state(np.float32([-0.0])), 1),
    ]
    assert len({state_digest(*each) for each in states}) == len(states)


def test_flat_variables_are_all_of_them_in_order():
    model = keras.Sequential([keras.Input((2,)), keras.layers.BatchNormalization()])
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    flat = flat_variables(model, optimizer)
    # Scale, shift, mean and variance; iterations, learning rate, and two moments of each of two.
    assert len(flat) == 4 + 2 + 4
    assert all(isinstance(each, tf.Variable) for each in flat)
    assert all(
        each is variable.value
        for each, variable in zip(flat, model.variables + optimizer.variables, strict=True)
    )
