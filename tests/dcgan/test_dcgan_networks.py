"""The DCGAN's networks against the supplement's words and a float64 definition."""

import numpy as np
import pytest

from gan_knowledge_gaps.dcgan import build_discriminator, build_generator

EPSILON = 1e-3  # Keras' batch normalization


def transposed_convolution(images: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """By definition: every input pixel adds its value times the kernel to the output.

    Args:
        images: [N, H, W, C].
        kernel: [K, K, F, C].
        stride: of the output; it has H * stride by W * stride pixels.
    """
    count, height, width, _ = images.shape
    size = kernel.shape[0]
    full = np.zeros(
        (count, (height - 1) * stride + size, (width - 1) * stride + size, kernel.shape[2])
    )
    for row in range(height):
        for column in range(width):
            top, left = row * stride, column * stride
            patch = np.einsum("nc,abfc->nabf", images[:, row, column], kernel)
            full[:, top : top + size, left : left + size] += patch
    before = (size - stride) // 2
    return full[:, before : before + height * stride, before : before + width * stride]


def leaky_relu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x)


def reference_generator(latents: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """The generator in inference mode, in float64."""
    weights = [weight.astype(np.float64) for weight in weights]

    def normalize(x):
        gamma, beta, mean, variance = (weights.pop(0) for _ in range(4))
        return (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta

    x = leaky_relu(normalize(latents.astype(np.float64) @ weights.pop(0)))
    x = x.reshape(len(x), 7, 7, -1)
    for stride in (1, 2, 2):
        x = leaky_relu(normalize(transposed_convolution(x, weights.pop(0), stride)))
    return np.tanh(transposed_convolution(x, weights.pop(0), 1) + weights.pop(0))


def test_generator_has_the_layers_of_the_supplement():
    generator = build_generator()
    kinds = ("Dense", "Conv2DTranspose")
    layers = [layer for layer in generator.layers if type(layer).__name__ in kinds]
    assert [layer.output.shape[1:] for layer in layers] == [
        (12_544,),
        (7, 7, 128),
        (14, 14, 64),
        (28, 28, 32),
        (28, 28, 1),
    ]
    assert generator.input_shape == (None, 100)
    hidden = [type(layer).__name__ for layer in generator.layers]
    assert hidden.count("BatchNormalization") == hidden.count("LeakyReLU") == 4


def test_generator_has_as_many_parameters_as_counted_by_hand():
    dense = 100 * 12_544
    convolutions = 5 * 5 * (256 * 128 + 128 * 64 + 64 * 32)
    to_image = 5 * 5 * 32 * 1 + 1
    normalizations = 2 * (12_544 + 128 + 64 + 32)  # Scales and offsets; as many moving statistics.
    trainable = dense + convolutions + to_image + normalizations
    generator = build_generator()
    assert trainable == 2_355_937
    assert sum(int(np.prod(w.shape)) for w in generator.trainable_weights) == trainable
    assert generator.count_params() == trainable + normalizations


def test_discriminator_has_as_many_parameters_as_counted_by_hand():
    expected = (25 * 1 * 64 + 64) + (25 * 64 * 128 + 128) + (7 * 7 * 128 + 1)
    assert build_discriminator().count_params() == expected


# A bfloat16 keeps 8 bits: each rounding moves a value by up to 1/256 of it.
@pytest.mark.parametrize(
    ("precision", "reduce", "least", "most"),
    [("float32", np.max, 0, 2e-4), ("mixed_bfloat16", np.mean, 1e-4, 0.02)],
)
def test_generator_equals_its_float64_definition(precision, reduce, least, most):
    generator = build_generator(latent_dim=5, width=1 / 16, seed=1, precision=precision)
    random = np.random.default_rng(2)
    weights = [random.normal(0.0, 0.3, w.shape).astype(np.float32) for w in generator.weights]
    for weight, variable in zip(weights, generator.weights, strict=True):
        if variable.path.endswith("moving_variance"):
            np.square(weight, out=weight)
    generator.set_weights(weights)
    latents = random.normal(size=(3, 5)).astype(np.float32)
    images = generator(latents, training=False).numpy()
    assert images.dtype == np.float32
    error = reduce(np.abs(images - reference_generator(latents, weights)))
    assert least <= error <= most


@pytest.mark.parametrize("build", [build_generator, build_discriminator])
def test_bfloat16_networks_keep_float32_weights_and_outputs(build):
    network = build(width=1 / 16, precision="mixed_bfloat16")
    assert {weight.dtype for weight in network.weights} == {"float32"}
    assert network.outputs[0].dtype == "float32"
    hidden = {layer.compute_dtype for layer in network.layers[:-1]}
    assert hidden == {"bfloat16"} and network.layers[-1].compute_dtype == "float32"


@pytest.mark.parametrize("build", [build_generator, build_discriminator])
def test_equal_seeds_give_equal_weights_and_others_do_not(build):
    first, again, other = (build(width=1 / 16, seed=seed).get_weights() for seed in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    kernels = [(a, b) for a, b in zip(first, other, strict=True) if a.ndim > 1]
    assert kernels
    assert all((a != b).all() for a, b in kernels)


def test_no_two_layers_begin_with_the_same_values():
    kernels = [w for w in build_generator(width=1 / 16).get_weights() if w.ndim > 1]
    starts = {tuple(kernel.ravel()[:4]) for kernel in kernels}
    assert len(starts) == len(kernels) == 5


def test_initial_kernels_have_the_documented_spread():
    kernel = build_generator().get_weights()[0]
    assert kernel.std() == pytest.approx(0.02, rel=0.01)
