"""No arguments of the raw operations crash the process: they give the right result or an error."""

import numpy as np
import pytest
import reference
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

ERRORS = (tf.errors.InvalidArgumentError, tf.errors.ResourceExhaustedError)
HUGE = [2**31 - 1, -(2**31), 2**30, 2**30 + 1, -(2**30)]


@pytest.fixture(scope="module")
def module():
    return reference.custom_module()


sizes = st.integers(0, 5)
# Huge sums are refused or, in one axis of a single image, more than any machine has.
padding = st.lists(st.one_of(st.integers(-6, 6), st.sampled_from(HUGE)), min_size=4, max_size=4)
factors = st.lists(st.sampled_from([1, 1, 2, 3, 2**31 - 1, 0, -1]), min_size=2, max_size=2)


def is_small(shape, up, down, padding) -> bool:
    """Whether the result, if there is one, is no burden for the machine."""
    rows, columns = (
        (shape[i + 1] * up[i] + padding[2 * i] + padding[2 * i + 1]) // max(down[i], 1)
        for i in (0, 1)
    )
    return abs(rows) < 10**4 and abs(columns) < 10**4 and abs(rows * columns) < 10**5


@settings(max_examples=400, deadline=None)
@given(
    shape=st.tuples(sizes, sizes, sizes, sizes),
    kernel=st.tuples(sizes, sizes),
    up=factors,
    down=factors,
    padding=padding,
    layout=st.sampled_from(["NHWC", "NCHW"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_upfirdn_2d_with_any_sizes(module, shape, kernel, up, down, padding, layout, seed):
    random = np.random.default_rng(seed)
    images, kernel = random.normal(size=shape), random.normal(size=kernel).astype(np.float32)
    wide = [up[i] * shape[i + 1] + padding[2 * i] + padding[2 * i + 1] for i in (0, 1)]
    legal = (
        min(*shape[1:3], *kernel.shape, *up, *down) > 0
        and all(abs(each) <= 2**30 for each in (*padding, *up, *down))
        and all(up[i] * shape[i + 1] <= 2**30 for i in (0, 1))
        and all(kernel.shape[i] <= wide[i] <= 2**30 for i in (0, 1))
    )
    if legal and not is_small(shape, up, down, padding):
        return
    given = images if layout == "NHWC" else images.transpose(0, 3, 1, 2)

    def run():
        return module.gaps_upfirdn2d(
            images=given, kernel=kernel, padding=padding, up=up, down=down, data_format=layout
        )

    if not legal:
        with pytest.raises(tf.errors.InvalidArgumentError):
            run()
        return
    output = run().numpy()
    output = output if layout == "NHWC" else output.transpose(0, 2, 3, 1)
    # The reference pads before it crops, and huge paddings may cancel.
    if is_small(shape, up, [1, 1], np.maximum(padding, 0)):
        expected = reference.upfirdn_2d(images, kernel, up, down, padding)
        np.testing.assert_allclose(output, expected, rtol=1e-10, atol=1e-10)


@settings(max_examples=150, deadline=None)
@given(
    images=st.lists(sizes, max_size=5),
    kernel=st.lists(sizes, max_size=3),
    padding=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5),
    up=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
    down=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
)
def test_upfirdn_2d_with_any_ranks_and_factors(module, images, kernel, padding, up, down):
    # Almost nothing of this is legal; what is, has no elements or one.
    try:
        module.gaps_upfirdn2d(
            images=tf.ones(images),
            kernel=tf.ones(kernel),
            padding=np.int32(padding),
            up=up,
            down=down,
            data_format="NHWC",
        )
    except ERRORS:
        return
    assert len(images) == 4
    assert len(kernel) == 2
    assert len(padding) == 4
    assert len(up) == len(down) == 2
    assert min(*images[1:3], *kernel, *up, *down) > 0


def test_a_result_that_no_machine_holds_is_an_error(module):
    for pad in (2**30 - 1, 2**29):
        with pytest.raises(ERRORS):
            module.gaps_upfirdn2d(
                images=tf.ones([1, 1, 1, 2**12]),
                kernel=tf.ones([1, 1]),
                padding=[pad, 0, pad, 0],
                up=[1, 1],
                down=[1, 1],
                data_format="NHWC",
            )


def test_unsupported_types_and_layouts_are_errors(module):
    options = {"kernel": [[1.0]], "padding": [0] * 4, "up": [1, 1], "down": [1, 1]}
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError)):
        module.gaps_upfirdn2d(images=tf.ones([1] * 4, tf.int32), data_format="NHWC", **options)
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        module.gaps_upfirdn2d(images=tf.ones([1] * 4), data_format="CHWN", **options)


def test_graphs_check_what_they_know_of_the_shapes(module):
    options = {"padding": [0] * 4, "up": [1, 1], "down": [1, 1], "data_format": "NHWC"}
    with tf.Graph().as_default():
        unknown = tf.compat.v1.placeholder(tf.float32)
        output = module.gaps_upfirdn2d(images=unknown, kernel=[[1.0]], **options)
        assert output.shape.as_list() == [None] * 4
        known = tf.compat.v1.placeholder(tf.float32, [None, 4, None, 3])
        output = module.gaps_upfirdn2d(images=known, kernel=tf.ones([2, 2]), **options)
        assert output.shape.as_list() == [None, 3, None, 3]
        with pytest.raises(ValueError, match="larger than the padded image"):
            module.gaps_upfirdn2d(images=known, kernel=tf.ones([5, 1]), **options)
        with pytest.raises(ValueError, match="must be rank 4"):
            module.gaps_upfirdn2d(images=tf.ones([2, 2]), kernel=[[1.0]], **options)


@settings(max_examples=300, deadline=None)
@given(
    x=st.lists(sizes, max_size=4),
    multiplier=st.one_of(st.none(), st.just([0]), st.lists(sizes, max_size=4)),
    bias=st.one_of(st.none(), st.just([0]), st.lists(sizes, max_size=2)),
    activation=st.sampled_from(["linear", "lrelu", "relu", "", "swish ", "tanh"]),
    order=st.sampled_from([0, 1, 2, 3, -1, 2**31 - 1, 2**40]),
    axis=st.sampled_from([0, 1, 2, 3, 4, -1, 2**31 - 1, -(2**40)]),
    want_sum=st.booleans(),
)
def test_bias_act_with_any_arguments(
    module, x, multiplier, bias, activation, order, axis, want_sum
):
    fits = 0 <= axis < len(x)
    multiplier = x if multiplier is None else multiplier
    bias = ([x[axis]] if fits else [1]) if bias is None else bias
    legal = (
        fits
        and order in (0, 1, 2)
        and activation in ("linear", "lrelu", "relu", "tanh")
        and multiplier in (x, [0])
        and bias in ([x[axis]], [0])
    )

    def run():
        return module.gaps_bias_act(
            multiplier=tf.fill(multiplier, 2.0),
            x=tf.ones(x),
            bias=tf.fill(bias, 3.0),
            activation=activation,
            order=order,
            alpha=0.2,
            gain=5.0,
            axis=axis,
            want_sum=want_sum,
        )

    if not legal:
        with pytest.raises(tf.errors.InvalidArgumentError):
            run()
        return
    at = 1.0 if bias == [0] else 4.0
    slope = 1 - np.tanh(at) ** 2
    tanh = (np.tanh(at), slope, -2 * np.tanh(at) * slope)[order]
    value = 5 * (tanh if activation == "tanh" else (at, 1, 0)[order])
    value *= 1 if multiplier == [0] else 2
    output, bias_sum = run()
    np.testing.assert_allclose(output, np.full(x, value), rtol=1e-5)
    count = np.prod(x) / x[axis] if x[axis] else 0
    np.testing.assert_allclose(
        bias_sum, np.full(x[axis] if want_sum else 0, value * count), rtol=1e-5
    )
