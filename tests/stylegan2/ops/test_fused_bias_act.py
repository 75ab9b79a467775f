"""fused_bias_act, custom and plain, and its derivatives, against float64 and its definition."""

import math

import numpy as np
import pytest
import reference
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.ops import fused_bias_act
from gan_knowledge_gaps.stylegan2.ops.fused_bias_act import ACTIVATIONS

# What is usual, written down once more: gain, and alpha where there is one.
USUAL = {
    "linear": (1, None),
    "relu": (math.sqrt(2), None),
    "lrelu": (math.sqrt(2), 0.2),
    "tanh": (1, None),
    "sigmoid": (1, None),
    "elu": (1, 1),
    "selu": (1, None),
    "softplus": (1, None),
    "swish": (math.sqrt(2), None),
}
SMOOTH = ["tanh", "sigmoid", "elu", "selu", "softplus", "swish"]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def expected(name, x, bias=None, axis=-1, alpha=None, gain=None) -> np.ndarray:
    usual_gain, usual_alpha = USUAL[name]
    alpha = np.float64(np.float32(alpha or usual_alpha or 0))
    gain = np.float64(np.float32(gain or usual_gain))
    x = np.float64(x)
    if bias is not None:
        x = np.moveaxis(np.moveaxis(x, axis, -1) + np.float64(bias), -1, axis)
    return gain * reference.activation(name, x, alpha)


def slopes(name, x, order: int, alpha: float) -> np.ndarray:
    """A derivative of an activation by Richardson's difference quotients, twice for order 2."""

    def difference(function, h):
        return lambda t: (
            (
                4 * (function(t + h / 2) - function(t - h / 2)) / (3 * h)
                - (function(t + h) - function(t - h)) / (6 * h)
            )
            * 1
        )

    function = lambda t: reference.activation(name, t, alpha)  # noqa: E731
    for _ in range(order):
        function = difference(function, 2e-3 if order == 1 else 8e-3)
    return function(x)


def away_from_kinks(random, *shape) -> np.ndarray:
    x = random.normal(size=shape) * 2
    return x + 0.1 * np.sign(x)


def test_the_activations_are_those():
    assert set(ACTIVATIONS) == set(USUAL)


@pytest.mark.parametrize("name", USUAL)
def test_it_is_its_definition(name, random, implementation):
    x, bias = random.normal(size=(3, 4, 5, 6)) * 3, random.normal(size=6)
    options = {"activation": name, "implementation": implementation}
    output = fused_bias_act(tf.constant(x), tf.constant(bias), **options)
    assert output.dtype == tf.float64
    np.testing.assert_allclose(output, expected(name, x, bias), rtol=1e-12, atol=1e-15)
    output = fused_bias_act(tf.constant(x), **options)
    np.testing.assert_allclose(output, expected(name, x), rtol=1e-12, atol=1e-15)
    output = fused_bias_act(tf.constant(x), gain=0.3, **options)
    np.testing.assert_allclose(output, expected(name, x, gain=0.3), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["lrelu", "elu"])
def test_alpha(name, random, implementation):
    x = random.normal(size=(4, 5))
    output = fused_bias_act(tf.constant(x), None, name, 0.7, implementation=implementation)
    np.testing.assert_allclose(output, expected(name, x, alpha=0.7), rtol=1e-12)


# Chunks, blocks and repeated rows of the custom kernel begin and end elsewhere in each.
SHAPES = [
    ((7,), 0), ((5, 3), 1), ((5, 3), 0), ((3, 1, 2, 4), 1), ((2, 3000), 1), ((2, 1500, 3), 1),
    ((2, 3, 1100), 1), ((300, 9, 3), 2), ((2, 3, 40, 50), 1), ((1, 1, 70000), 1), ((2000, 37), -1),
    ((0, 3), 1), ((3, 0), 1), ((2, 3, 0), 1),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_any_shape_and_axis_and_the_biass_gradient(shape, axis, random, implementation):
    x, bias = random.normal(size=shape), random.normal(size=shape[axis])
    upstream = random.normal(size=shape)
    inputs = [tf.constant(x), tf.constant(bias)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = fused_bias_act(*inputs, "lrelu", axis=axis, implementation=implementation)
    np.testing.assert_allclose(output, expected("lrelu", x, bias, axis), rtol=1e-12)
    gradients = tape.gradient(output, inputs, tf.constant(upstream))
    biased = np.moveaxis(np.moveaxis(x, axis, -1) + bias, -1, axis)
    slope = np.where(biased > 0, 1, np.float64(np.float32(0.2))) * np.float32(math.sqrt(2))
    np.testing.assert_allclose(gradients[0], upstream * slope, rtol=1e-12)
    sums = np.moveaxis(upstream * slope, axis, -1).sum(tuple(range(len(shape) - 1)))
    np.testing.assert_allclose(gradients[1], sums, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", USUAL)
def test_it_is_computed_in_float32_and_rounded_once(name, dtype, random, implementation):
    x = tf.cast(random.normal(size=(9, 7)) * 3, dtype)
    bias = tf.cast(random.normal(size=7), dtype)
    output = fused_bias_act(x, bias, name, implementation=implementation)
    assert output.dtype == x.dtype
    exact = expected(name, tf.cast(x, tf.float64), tf.cast(bias, tf.float64))
    rounding = 1.01 * reference.ROUNDING[dtype] + 16 * reference.ROUNDING["float32"]
    np.testing.assert_allclose(tf.cast(output, tf.float64), exact, rtol=rounding, atol=3e-7)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_biass_gradient_is_not_summed_in_half_precision(dtype, implementation):
    # 40,000 times 0.9375: in half precision, the sum would stop at 2048 or 256.
    x, bias = tf.zeros([40000, 2], dtype), tf.zeros([2], dtype)
    with tf.GradientTape() as tape:
        tape.watch(bias)
        output = fused_bias_act(x, bias, implementation=implementation)
    upstream = tf.fill([40000, 2], tf.constant(0.9375, dtype))
    gradient = tf.cast(tape.gradient(output, bias, upstream), tf.float64)
    np.testing.assert_allclose(gradient, [37500, 37500], rtol=reference.ROUNDING[dtype])


def test_a_long_sum_in_float32_is_accurate(random):
    reference.custom_module()
    upstream = random.uniform(size=(300000, 3)).astype(np.float32)
    for axis in (0, 1):
        x = tf.zeros(upstream.T.shape if axis == 0 else upstream.shape)
        bias = tf.zeros([3])
        with tf.GradientTape() as tape:
            tape.watch(bias)
            output = fused_bias_act(x, bias, axis=axis, implementation="custom")
        gradient = tape.gradient(output, bias, upstream.T if axis == 0 else upstream)
        np.testing.assert_allclose(gradient, np.float64(upstream).sum(0), rtol=3e-6)


@pytest.mark.parametrize("layout_axis", [1, -1])
@pytest.mark.parametrize("name", USUAL)
def test_first_and_second_derivatives(name, layout_axis, random, implementation):
    x, bias = away_from_kinks(random, 2, 4, 3, 4), np.zeros(4)
    upstream, second_upstream = random.normal(size=x.shape), random.normal(size=x.shape)
    bias_upstream = random.normal(size=4)
    inputs = [tf.constant(x), tf.constant(bias)]
    alpha, gain = np.float32(USUAL[name][1] or 0), np.float64(np.float32(USUAL[name][0]))
    first, second = (gain * slopes(name, x, order, np.float64(alpha)) for order in (1, 2))
    along = [1, -1, 1, 1] if layout_axis == 1 else [1, 1, 1, -1]

    with tf.GradientTape(persistent=True) as outer:
        weights = tf.constant(upstream)
        outer.watch([*inputs, weights])
        with tf.GradientTape() as inner:
            inner.watch(inputs)
            output = fused_bias_act(*inputs, name, axis=layout_axis, implementation=implementation)
        by_x, by_bias = inner.gradient(output, inputs, weights)
        loss = tf.reduce_sum(by_x * second_upstream) + tf.reduce_sum(by_bias * bias_upstream)
    np.testing.assert_allclose(by_x, upstream * first, rtol=1e-8, atol=1e-8)
    axes = tuple({0, 1, 2, 3} - {layout_axis % 4})
    np.testing.assert_allclose(by_bias, (upstream * first).sum(axes), rtol=1e-8, atol=1e-8)

    # The loss is the sum of first * upstream * both, both being what is multiplied by it.
    both = second_upstream + bias_upstream.reshape(along)
    np.testing.assert_allclose(outer.gradient(loss, weights), first * both, rtol=1e-8, atol=1e-8)
    by_x, by_bias = outer.gradient(loss, inputs, unconnected_gradients="zero")
    np.testing.assert_allclose(by_x, second * upstream * both, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(by_bias, (second * upstream * both).sum(axes), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "compiled"),
    [*((name, False) for name in USUAL), ("swish", True), ("lrelu", True)],
)
def test_third_and_fourth_derivatives(name, compiled, random):
    # Custom against plain, whose derivatives are TensorFlow's own.
    reference.custom_module()
    x, bias = away_from_kinks(random, 5, 4), random.normal(size=4) * 0.01
    weights = [random.normal(size=each.shape) for each in (x, bias)]

    def derivatives(x, bias, implementation):
        def value(order, inputs):
            if order == 0:
                return tf.reduce_sum(
                    fused_bias_act(*inputs, name, implementation=implementation) ** 5
                )
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                below = value(order - 1, inputs)
            gradients = tape.gradient(below, inputs, None, tf.UnconnectedGradients.ZERO)
            pairs = zip(gradients, weights, strict=True)
            return sum(tf.reduce_sum(each * weight) for each, weight in pairs)

        return [value(order, [x, bias]) for order in (1, 2, 3, 4)]

    if compiled:
        derivatives = tf.function(derivatives)
    plain = derivatives(tf.constant(x), tf.constant(bias), "tensorflow")
    custom = derivatives(tf.constant(x), tf.constant(bias), "custom")
    assert 0 not in map(float, plain)
    np.testing.assert_allclose(custom, plain, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_third_derivative_is_the_seconds_difference_quotient(name, random, implementation):
    x = away_from_kinks(random, 40)

    def second(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                output = fused_bias_act(x, None, name, implementation=implementation)
            first = inner.gradient(output, x)
        return outer.gradient(first, x)

    points = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(points)
        value = second(points)
    third = tape.gradient(value, points)
    difference = (second(points + 1e-5) - second(points - 1e-5)) / 2e-5
    np.testing.assert_allclose(third, difference, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", USUAL)
def test_far_out_all_derivatives_stay_finite(name, implementation):
    x = tf.constant([-1e4, -100, 100, 1e4])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            output = fused_bias_act(x, None, name, implementation=implementation)
        first = inner.gradient(output, x)
    second = outer.gradient(first, x, unconnected_gradients="zero")
    np.testing.assert_allclose(output, expected(name, x.numpy()), rtol=1e-6, atol=1e-37)
    for derivative in (first, second):
        assert np.isfinite(derivative).all()
    np.testing.assert_allclose(second, np.zeros(4), atol=1e-30)


def test_at_a_kink_the_derivative_is_the_left_one(implementation):
    zero = tf.zeros([1])
    for name, slope in (("relu", 0), ("lrelu", 0.2), ("elu", 0.5), ("selu", 1.7580993408473766)):
        alpha = 0.5 if name == "elu" else None
        with tf.GradientTape() as tape:
            tape.watch(zero)
            output = fused_bias_act(zero, None, name, alpha, 1.0, implementation=implementation)
        np.testing.assert_allclose(tape.gradient(output, zero), [slope], rtol=1e-6)


def test_nan_stays_nan(implementation):
    for name in USUAL:
        output = fused_bias_act(tf.fill([5], np.nan), None, name, implementation=implementation)
        assert np.isnan(output).all(), name


def test_dynamic_shapes_and_float32_biases_of_half_tensors(random, implementation):
    @tf.function(input_signature=[tf.TensorSpec([None, None, None]), tf.TensorSpec([None])])
    def compiled(x, bias):
        with tf.GradientTape() as tape:
            tape.watch(bias)
            output = fused_bias_act(x, bias, "swish", axis=1, implementation=implementation)
        return output, tape.gradient(output, bias)

    for shape in ((2, 3, 4), (5, 1, 2), (0, 3, 4)):
        x, bias = random.normal(size=shape), random.normal(size=shape[1])
        output, gradient = compiled(x.astype(np.float32), bias.astype(np.float32))
        np.testing.assert_allclose(output, expected("swish", x, bias, 1), rtol=1e-5, atol=1e-6)
        assert gradient.shape == bias.shape
    half = tf.cast(x, tf.float16)
    output = fused_bias_act(half, tf.zeros([3]), axis=1, implementation=implementation)
    assert output.dtype == tf.float16


def test_the_plain_one_is_differentiated_twice_under_xla(random):
    x, bias = tf.constant(random.normal(size=(3, 4))), tf.constant(random.normal(size=4))

    def second(x, bias):
        with tf.GradientTape() as outer:
            outer.watch(bias)
            with tf.GradientTape() as inner:
                inner.watch(x)
                output = fused_bias_act(x, bias, "swish", implementation="tensorflow")
            square = tf.reduce_sum(inner.gradient(output, x) ** 2)
        return outer.gradient(square, bias)

    compiled = tf.function(second, jit_compile=True)(x, bias)
    biased = x.numpy() + bias.numpy()
    gain = np.float64(np.float32(math.sqrt(2)))
    first, then = (slopes("swish", biased, order, 0.0) for order in (1, 2))
    np.testing.assert_allclose(compiled, (2 * gain**2 * first * then).sum(0), rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": np.int32([1])}, "x is of dtype int32"),
        ({"x": np.float32(1)}, "axis is -1; x has 0 dimensions"),
        ({"bias": np.zeros(3, np.float32)}, r"bias has shape \(3,\); it must be \(4,\)"),
        ({"bias": np.zeros((1, 4), np.float32)}, r"bias has shape \(1, 4\)"),
        ({"axis": 2}, "axis is 2; x has 2 dimensions"),
        ({"activation": "gelu"}, "activation is 'gelu'"),
        ({"activation": "tanh", "alpha": 0.2}, "alpha is 0.2, but tanh has none"),
        ({"implementation": "fast"}, "implementation is 'fast'"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(arguments, message):
    x = np.zeros((2, 4), np.float32)
    with pytest.raises(InputError, match=message) as caught:
        fused_bias_act(**{"x": x, "implementation": "tensorflow"} | arguments)
    assert len(str(caught.value).splitlines()) == 1
