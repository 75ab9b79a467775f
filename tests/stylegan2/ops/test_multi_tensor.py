"""All variables in one operation: Adam against float64 and TensorFlow's own, and averages."""

import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.stylegan2.ops.multi_tensor import adam_update, move_averages

# The last is of more than one thread's stretch.
SHAPES = [(), (3,), (5, 7), (200, 300)]
NUMBERS = {"learning_rate": 0.1, "beta_1": 0.3, "beta_2": 0.9, "epsilon": 1e-8}


def arrays(seed: int) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.normal(size=shape).astype(np.float32) for shape in SHAPES]


def variables(values) -> list[tf.Variable]:
    return [tf.Variable(each) for each in values]


class State:
    """Variables with their moments, and their update as a graph."""

    def __init__(self, implementation: str, **changes):
        self.updates, self.values = tf.Variable(0, dtype=tf.int64), variables(arrays(0))
        self.first, self.second = ([tf.Variable(tf.zeros(s)) for s in SHAPES] for _ in range(2))
        numbers = {**NUMBERS, **changes, "implementation": implementation}
        self.update = tf.function(
            lambda *gradients: adam_update(
                self.updates, self.values, self.first, self.second, gradients, **numbers
            ),
            autograph=False,
        )

    def numpy(self) -> list[np.ndarray]:
        return [each.numpy() for each in (*self.values, *self.first, *self.second, self.updates)]


@pytest.mark.parametrize("beta_1", [0.0, 0.3])
def test_it_is_adam_in_float64(implementation, beta_1):
    state = State(implementation, beta_1=beta_1)
    x = [each.astype(np.float64) for each in arrays(0)]
    m, v = ([np.zeros(shape) for shape in SHAPES] for _ in range(2))
    for step in range(1, 5):
        gradients = arrays(step)
        assert state.update(*gradients).numpy()
        rate = 0.1 * np.sqrt(1 - 0.9**step) / (1 - beta_1**step)
        for i, g in enumerate(each.astype(np.float64) for each in gradients):
            m[i] = beta_1 * m[i] + (1 - beta_1) * g
            v[i] = 0.9 * v[i] + 0.1 * g**2
            x[i] = x[i] - rate * m[i] / (np.sqrt(v[i]) + 1e-8)
    *found, updates = state.numpy()
    assert updates == 4
    for one, other in zip(found, [*x, *m, *v], strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def test_it_is_tensorflows_adam(implementation):
    state = State(implementation)
    values, m, v = variables(arrays(0)), *(variables(map(np.zeros_like, arrays(0))) for _ in "mv")
    for step in range(1, 4):
        gradients = arrays(step)
        state.update(*gradients)
        for i, gradient in enumerate(gradients):
            tf.raw_ops.ResourceApplyAdam(
                var=values[i].handle, m=m[i].handle, v=v[i].handle, grad=gradient,
                beta1_power=0.3**step, beta2_power=0.9**step, lr=0.1, beta1=0.3, beta2=0.9,
                epsilon=1e-8,
            )  # fmt: skip
    for one, other in zip(state.numpy(), (*values, *m, *v), strict=False):
        np.testing.assert_allclose(one, other.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", range(len(SHAPES)))
def test_a_gradient_that_is_not_finite_changes_nothing(implementation, bad, at):
    state = State(implementation)
    assert state.update(*arrays(1)).numpy()
    before, gradients = state.numpy(), arrays(2)
    gradients[at].reshape(-1)[-1] = bad
    assert not state.update(*gradients).numpy()
    for one, other in zip(before, state.numpy(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_was_read_before_an_update_stays(implementation):
    state = State(implementation)
    every = (*state.values, *state.first, *state.second, state.updates)
    held = [each.read_value() for each in every]
    before = state.numpy()
    state.update(*arrays(1))
    move_averages(state.first, state.values, [0.5] * len(SHAPES), implementation)
    for one, other, now in zip(held, before, every, strict=True):
        np.testing.assert_array_equal(one.numpy(), other)
        assert (now.numpy() != other).any()


def test_a_graph_reads_variables_before_and_after_its_update_in_order(implementation):
    state = State(implementation)

    @tf.function(autograph=False)
    def step(*gradients):
        before = state.values[1] + 0.0
        state.update(*gradients)
        return before, state.values[1] + 0.0

    first = step(*arrays(1))
    second = step(*arrays(2))
    np.testing.assert_array_equal(first[0], arrays(0)[1])
    np.testing.assert_array_equal(first[1], second[0])
    np.testing.assert_array_equal(second[1], state.values[1].numpy())


def test_averages_move_towards_what_they_are_of(implementation):
    averages, currents = variables(arrays(0)), variables(arrays(1))
    move_averages(averages, currents, [0.75, 0.75, 0.0, 0.75], implementation)
    for beta, found, before, now in zip(
        [0.75, 0.75, 0.0, 0.75], averages, arrays(0), arrays(1), strict=True
    ):
        expected = now + (before.astype(np.float64) - now) * beta
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(averages[2].numpy(), arrays(1)[2])
    for current, before in zip(currents, arrays(1), strict=True):
        np.testing.assert_array_equal(current.numpy(), before)


def test_the_custom_operation_says_which_variable_does_not_fit():
    state = State("custom")
    with pytest.raises(tf.errors.InvalidArgumentError, match="variable 2 must be float"):
        state.update(*arrays(1)[:2], tf.zeros([4]), arrays(1)[3])
    assert state.updates.numpy() == 0
