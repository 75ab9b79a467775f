"""upfirdn_2d, custom and plain, equals its definition in float64."""

import numpy as np
import pytest
import reference
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.ops import upfirdn_2d

RANDOM = np.random.default_rng(0)
BINOMIAL = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64.0

# images, kernel, up, down, padding
CASES = {
    "identity": ((2, 3, 4, 5), [[1.0]], 1, 1, (0, 0, 0, 0)),
    "blur": ((2, 7, 5, 16), BINOMIAL, 1, 1, (2, 1, 2, 1)),
    "up2": ((2, 5, 7, 16), BINOMIAL, 2, 1, (2, 1, 2, 1)),
    "up2, few channels": ((2, 5, 7, 3), BINOMIAL, 2, 1, (2, 1, 2, 1)),
    "down2": ((2, 9, 7, 16), BINOMIAL, 1, 2, (1, 1, 1, 1)),
    "down2, few channels": ((2, 9, 7, 3), BINOMIAL, 1, 2, (1, 1, 1, 1)),
    "up3 down2": ((1, 5, 6, 20), (3, 5), 3, 2, (3, 1, 2, 4)),
    "up2 down3, few channels": ((1, 7, 8, 2), (5, 3), 2, 3, (0, 4, 3, 1)),
    "pairs": ((2, 5, 6, 4), (2, 3), (3, 1), (1, 2), (1, 2, 0, 3)),
    "both steps": ((1, 6, 7, 1), (4, 3), (2, 3), (3, 2), (1, 2, 3, 4)),
    "crop": ((2, 8, 9, 17), (3, 2), 1, 1, (-2, -1, -1, -3)),
    "crop after insertion": ((2, 4, 5, 3), (3, 3), 2, 1, (-3, 2, 4, -1)),
    "crop beyond the image": ((1, 3, 3, 2), (2, 2), 1, 1, (-5, 9, 0, 0)),
    "wide padding": ((1, 2, 2, 2), (3, 3), 1, 1, (9, 7, 5, 11)),
    "wide": ((1, 9, 60, 3), (5, 13), 1, 1, (2, 2, 6, 6)),
    "one row": ((2, 4, 40, 3), (1, 7), 1, 1, (0, 0, 3, 3)),
    "one row, decimated": ((2, 6, 40, 18), (1, 6), (1, 2), (2, 1), (0, 0, 3, 3)),
    "one column": ((2, 9, 3, 18), (6, 1), (2, 1), (1, 2), (3, 2, 0, 0)),
    "more zeros than weights": ((1, 4, 4, 2), (2, 2), 5, 1, (1, 1, 0, 2)),
    "many planes": ((1, 3, 4, 2), (3, 3), 9, 11, (1, 30, 2, 31)),
    "large separable": ((1, 9, 8, 3), np.outer(np.arange(1, 7), np.arange(2, 9)), 1, 1, (3,) * 4),
    "large separable, up": ((1, 9, 8, 130), np.outer(np.arange(9), np.arange(11)), 2, 1, (5,) * 4),
    "rows in groups": ((2, 11, 5, 3300), BINOMIAL, 1, 1, (2, 1, 2, 1)),
    "rows in groups, odd": ((1, 8, 8, 2100), np.outer([1, 2, 1], [1, 2, 1]), 1, 2, (1, 1, 0, 2)),
    "no images": ((0, 4, 4, 3), (3, 3), 2, 1, (1, 1, 1, 1)),
    "no channels": ((2, 4, 4, 0), (3, 3), 1, 2, (1, 1, 1, 1)),
}


def case(name: str):
    """Images in float64, a kernel that float32 holds, pairs, padding."""
    shape, kernel, up, down, padding = CASES[name]
    if isinstance(kernel, tuple):
        kernel = RANDOM.normal(size=kernel)
    pairs = [each if isinstance(each, tuple) else (each, each) for each in (up, down)]
    images = RANDOM.normal(size=shape)
    return images, np.float64(np.float32(kernel)), *pairs, padding


def run(images, layout: str, *arguments, **options) -> tf.Tensor:
    """The operation in some layout, for NHWC images."""
    if layout == "NCHW":
        images = tf.transpose(images, [0, 3, 1, 2])
    output = upfirdn_2d(images, *arguments, data_format=layout, **options)
    return tf.transpose(output, [0, 2, 3, 1]) if layout == "NCHW" else output


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("name", CASES)
def test_it_is_its_definition(name, layout, implementation):
    images, kernel, *rest = case(name)
    output = run(tf.constant(images), layout, kernel, *rest, implementation=implementation)
    assert output.dtype == tf.float64
    expected = reference.upfirdn_2d(images, kernel, *rest)
    np.testing.assert_allclose(output, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize(
    "name", ["blur", "rows in groups", "up2", "down2, few channels", "pairs", "both steps"]
)
def test_sums_are_rounded_once(name, dtype, layout, implementation):
    images, kernel, *rest = case(name)
    images = tf.cast(images, dtype)
    output = run(images, layout, kernel, *rest, implementation=implementation)
    assert output.dtype == images.dtype
    expected = reference.upfirdn_2d(tf.cast(images, tf.float64), kernel, *rest)
    np.testing.assert_allclose(
        tf.cast(output, tf.float64), expected, rtol=1.001 * reference.ROUNDING[dtype], atol=4e-6
    )


def test_infinities_nans_and_tiny_numbers_pass_through_half_types(implementation):
    values = [0.0, -0.0, np.inf, -np.inf, np.nan, 2.0**-24, -(2.0**-15), 65504.0, 1.0, 70000.0]
    for dtype in (tf.float16, tf.bfloat16):
        images = tf.reshape(tf.constant(values, dtype), [1, 2, 5, 1])
        output = upfirdn_2d(images, [[1.0]], implementation=implementation)
        np.testing.assert_array_equal(tf.cast(output, tf.float32), tf.cast(images, tf.float32))
    largest = tf.fill([1, 1, 1, 1], tf.constant(65504, tf.float16))
    output = upfirdn_2d(largest, [[1.0]], gain=2.0, implementation=implementation)
    assert np.isinf(output.numpy().item())


def test_a_vector_stands_for_its_outer_product_and_gain_multiplies(implementation):
    images, vector = RANDOM.normal(size=(1, 6, 5, 2)), np.float64([1, 2, -1])
    output = upfirdn_2d(tf.constant(images), vector, gain=0.5, implementation=implementation)
    expected = 0.5 * reference.upfirdn_2d(images, np.outer(vector, vector))
    np.testing.assert_allclose(output, expected, rtol=1e-12)


def test_a_kernel_that_is_nearly_separable_keeps_its_bits_in_double():
    reference.custom_module()
    images = RANDOM.normal(size=(1, 8, 8, 2))
    kernel = np.float64(np.float32(np.outer([0.1, 0.7, 0.3], [0.2, 0.9, 0.4])))
    assert np.linalg.matrix_rank(kernel) > 1  # by the rounding alone
    output = upfirdn_2d(tf.constant(images), kernel, implementation="custom")
    expected = reference.upfirdn_2d(images, kernel)
    np.testing.assert_allclose(output, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_dynamic_shapes(layout, implementation):
    images, kernel, *rest = case("up3 down2")

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float64)])
    def compiled(images):
        images = tf.ensure_shape(images, [None] * 4)
        return run(images, layout, kernel, *rest, implementation=implementation)

    for part in (images, images[:, :4, :5], images[:0]):
        expected = reference.upfirdn_2d(part, kernel, *rest)
        np.testing.assert_allclose(compiled(tf.constant(part)), expected, rtol=1e-12, atol=1e-12)


def test_known_shapes_are_inferred(implementation):
    @tf.function
    def compiled(images):
        output = upfirdn_2d(images, [1, 3, 3, 1], 2, 3, (2, 1, 0, 3), implementation=implementation)
        assert output.shape.as_list() == [None, 4, 5, 3]
        return output

    compiled.get_concrete_function(tf.TensorSpec([None, 5, 7, 3]))


def test_the_plain_one_compiles_with_xla():
    images, kernel, *rest = case("up2, few channels")

    @tf.function(jit_compile=True)
    def compiled(images):
        return upfirdn_2d(images, kernel, *rest, implementation="tensorflow")

    expected = reference.upfirdn_2d(images, kernel, *rest)
    np.testing.assert_allclose(compiled(tf.constant(images)), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("name", ["blur", "up2", "down2"])
def test_an_image_has_the_same_bits_alone_and_among_others(name, layout):
    # Alone, it is one thread's work; among others, it is split elsewhere.
    reference.custom_module()
    _, kernel, *rest = case(name)
    images = tf.random.stateless_normal([5, 23, 17, 1000], (1, 2))
    together = run(images, layout, kernel, *rest, implementation="custom").numpy()
    for i in range(len(images)):
        alone = run(images[i : i + 1], layout, kernel, *rest, implementation="custom").numpy()
        assert alone.tobytes() == together[i : i + 1].tobytes()


IMAGES = np.zeros((1, 4, 4, 1), np.float32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel": np.zeros((0, 3))}, r"kernel has shape \(0, 3\)"),
        ({"kernel": np.zeros((1, 1, 1))}, "must be a vector or a matrix"),
        ({"kernel": tf.Variable([1.0])}, "kernel must be constant"),
        ({"up": 0}, "up is 0"),
        ({"down": (1, 2, 3)}, r"down is \(1, 2, 3\)"),
        ({"up": 1.5}, "up is 1.5"),
        ({"padding": (1, 2)}, "must be \\(top, bottom, left, right\\)"),
        ({"padding": (0, 0, 0.5, 0)}, "must be \\(top, bottom, left, right\\)"),
        ({"padding": (2**31, 0, 0, 0)}, "must not exceed 2\\^30"),
        ({"padding": (-2, -2, 0, 0)}, "smaller than the kernel"),
        ({"data_format": "CHWN"}, "data_format is 'CHWN'; it must be NHWC or NCHW"),
        ({"images": np.zeros((4, 4), np.float32)}, "images have shape"),
        ({"images": np.zeros((1, 4, 4, 1), np.int32)}, "images is of dtype int32"),
        ({"implementation": "fast"}, "implementation is 'fast'"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(arguments, message):
    arguments = {"images": IMAGES, "kernel": [1.0], "implementation": "tensorflow"} | arguments
    with pytest.raises(InputError, match=message) as caught:
        upfirdn_2d(**arguments)
    assert len(str(caught.value).splitlines()) == 1


def test_a_kernel_made_in_the_graph_is_an_error():
    @tf.function(autograph=False)
    def compiled(kernel):
        return upfirdn_2d(IMAGES, kernel, implementation="tensorflow")

    with pytest.raises(InputError, match="kernel must be constant"):
        compiled(tf.ones([2, 2]))
