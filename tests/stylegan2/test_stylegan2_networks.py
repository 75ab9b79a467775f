"""The networks against the published parameter counts and a float64 definition."""

import keras
import numpy as np
import pytest
import stylegan2_reference as reference
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2 import build_networks
from gan_knowledge_gaps.stylegan2.discriminator import minibatch_stddev
from gan_knowledge_gaps.stylegan2.sampling import to_pixels

TINY = {"resolution": 16, "fmap_base": 32, "fmap_max": 6, "latent_dim": 5, "w_dim": 7}


def parameters(network) -> int:
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


def disturbed(network, seed: int = 0):
    """The network with biases, noise strengths and averages that are not zero."""
    random = np.random.default_rng(seed)
    for variable in network.variables:
        variable.assign(variable + random.normal(0, 0.3, variable.shape))
    return network


@pytest.fixture
def random():
    return np.random.default_rng(1)


@pytest.mark.parametrize(
    ("config", "generator_count", "discriminator_count"),
    [("config-f", 30_034_338, 28_864_129), ("config-e", 24_767_458, 24_001_089)],
)
def test_parameters_at_256_are_those_of_the_published_networks(
    config, generator_count, discriminator_count
):
    generator, discriminator = build_networks(config, resolution=256)
    assert parameters(generator) == generator_count
    assert parameters(generator.mapping) == 2_101_248
    assert parameters(discriminator) == discriminator_count


def test_the_discriminator_at_1024_has_the_published_number_of_parameters():
    _, discriminator = build_networks("config-f", resolution=1024)
    assert parameters(discriminator) == 29_012_513


@pytest.mark.parametrize("label_dim", [0, 3])
def test_mapping_equals_its_definition(random, label_dim):
    generator, _ = build_networks("config-f", **TINY, label_dim=label_dim)
    disturbed(generator)
    z = random.normal(size=(4, 5)).astype(np.float32) * 10
    labels = np.eye(3, dtype=np.float32)[[0, 2, 2, 1]] if label_dim else None
    w = generator.mapping(z, labels=labels).numpy()
    assert w.shape == (4, generator.config.num_layers, 7)
    expected = reference.mapping(generator.mapping, z, labels)
    for layer in range(generator.config.num_layers):
        np.testing.assert_allclose(w[:, layer], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_synthesis_equals_its_definition(random, architecture):
    generator, _ = build_networks("config-f", **TINY, generator_architecture=architecture)
    disturbed(generator)
    w = random.normal(size=(2, generator.config.num_layers, 7)).astype(np.float32)
    images = generator.synthesis(w, noise="constant").numpy()
    assert images.shape == (2, 16, 16, 3) and images.dtype == np.float32
    expected = reference.synthesis(generator.synthesis, w.astype(np.float64))
    np.testing.assert_allclose(images, expected, rtol=1e-3, atol=2e-4 * np.abs(expected).max())


@pytest.mark.parametrize("architecture", ["resnet", "skip", "orig"])
@pytest.mark.parametrize("label_dim", [0, 3])
def test_discriminator_equals_its_definition(random, architecture, label_dim):
    _, discriminator = build_networks(
        "config-f", **TINY, discriminator_architecture=architecture, label_dim=label_dim
    )
    disturbed(discriminator)
    images = random.uniform(-1, 1, size=(8, 16, 16, 3)).astype(np.float32)
    labels = np.eye(3, dtype=np.float32)[random.integers(3, size=8)] if label_dim else None
    logits = discriminator(images, labels=labels).numpy()
    assert logits.shape == (8, 1)
    expected = reference.discriminator(discriminator, images, labels)
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("count", "group", "features"), [(8, 4, 1), (4, 4, 2), (2, 4, 1), (6, 3, 4)]
)
def test_minibatch_stddev_is_over_strided_groups(random, count, group, features):
    x = random.normal(size=(count, 4, 4, 8))
    result = minibatch_stddev(tf.constant(x), group, features).numpy()
    np.testing.assert_allclose(result, reference.minibatch_stddev(x, group, features), rtol=1e-12)


def test_demodulation_gives_unit_variance_at_the_start(random):
    generator, _ = build_networks("config-f", **TINY | {"fmap_max": 64, "fmap_base": 1024})
    conv = generator.synthesis.blocks[0].convolutions[0].conv
    x = random.normal(size=(64, 16, 16, 64)).astype(np.float32)
    w = random.normal(size=(64, 7)).astype(np.float32) * 5
    inside = conv(x, w).numpy()[:, 1:-1, 1:-1]
    np.testing.assert_allclose(inside.std(axis=(0, 1, 2)), 1.0, rtol=0.05)


@pytest.mark.parametrize(("precision", "tolerance"), [("bfloat16", 0.05), ("float16", 0.01)])
def test_half_precision_stays_close_and_keeps_float32_outside(random, precision, tolerance):
    exact = build_networks("config-f", **TINY)
    half = build_networks("config-f", **TINY, precision=precision, precision_resolutions=2)
    for a, b in zip(exact, half, strict=True):
        b.set_weights([w.numpy() for w in a.variables])
    z = random.normal(size=(4, 5)).astype(np.float32)
    images, close = (generator(z, noise="constant") for generator, _ in (exact, half))
    assert close.dtype == tf.float32 and {v.dtype for v in half[0].variables} == {"float32"}
    error = np.abs(images - close).mean() / np.abs(images).mean()
    assert 1e-5 < error < tolerance
    logits, near = (discriminator(images) for _, discriminator in (exact, half))
    assert near.dtype == tf.float32
    assert np.abs(logits - near).max() < tolerance * max(1.0, np.abs(logits).max())


def test_float16_survives_styles_that_would_overflow(random):
    generator, _ = build_networks("config-f", **TINY, precision="float16", precision_resolutions=3)
    w = random.normal(size=(2, generator.config.num_layers, 7)).astype(np.float32)
    conv = generator.synthesis.blocks[1].convolutions[0].conv
    x = random.normal(size=(2, 4, 4, 6)).astype(np.float32)
    plain = conv(x, w[:, 0]).numpy().astype(np.float32)
    conv.mod_weight.assign(conv.mod_weight * 1e6)
    conv.mod_bias.assign(1e6 * (conv.mod_bias + 1) - 1)
    np.testing.assert_allclose(conv(x, w[:, 0]).numpy(), plain, atol=0.02)


def test_noise_is_random_constant_none_or_a_function(random):
    generator, _ = build_networks("config-f", **TINY)
    disturbed(generator)
    w = random.normal(size=(2, generator.config.num_layers, 7)).astype(np.float32)

    def images(noise):
        return generator.synthesis(w, noise=noise).numpy()

    assert (images("random") != images("random")).any()
    np.testing.assert_array_equal(images("constant"), images("constant"))
    assert (images("constant") != images("none")).any()
    maps = generator.synthesis.noise_maps
    sizes = [4, 8, 8, 16, 16]
    assert [each.shape for each in maps] == [(1, size, size, 1) for size in sizes]
    seen = []

    def own(layer, size):
        seen.append((layer, *map(int, size[1:])))
        return maps[layer].numpy()

    np.testing.assert_array_equal(images(own), images("constant"))
    assert seen == [(layer, size, size) for layer, size in enumerate(sizes)]
    with pytest.raises(ValueError, match="noise is 'loud'"):
        images("loud")


def test_truncation_pulls_w_towards_its_mean(random):
    generator, _ = build_networks("config-f", **TINY)
    disturbed(generator)
    z = random.normal(size=(3, 5)).astype(np.float32)
    w, mean = generator.mapping(z).numpy(), generator.w_avg.numpy()
    truncated = generator.synthesis(mean + 0.5 * (w - mean), noise="constant").numpy()
    result = generator(z, truncation=0.5, noise="constant").numpy()
    np.testing.assert_allclose(result, truncated, rtol=1e-4, atol=1e-4)
    mean_image = generator(z, truncation=0.0, noise="constant").numpy()
    np.testing.assert_allclose(mean_image[0], mean_image[1], atol=1e-4)


@pytest.mark.parametrize("index", [0, 1])
def test_networks_are_saved_and_loaded_whole(random, tmp_path, index):
    network = disturbed(build_networks("config-f", **TINY, label_dim=2)[index])
    network.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.config == network.config
    assert len(network.variables) == len(loaded.variables)
    for a, b in zip(network.variables, loaded.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_equal_seeds_give_equal_networks_and_no_two_layers_are_alike():
    first, again, other = (build_networks("config-f", **TINY, seed=s)[0] for s in (1, 1, 2))
    for a, b in zip(first.variables, again.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert (first.mapping.layers[0].weight.numpy() != other.mapping.layers[0].weight.numpy()).all()
    drawn = [v.numpy().ravel()[:5] for v in first.variables if v.numpy().std() > 0 and v.shape]
    assert len({each.tobytes() for each in drawn}) == len(drawn) > 20


def test_initial_weights_have_the_documented_spread():
    generator, _ = build_networks("config-f", resolution=8)
    kernel = generator.synthesis.blocks[1].convolutions[0].conv.weight.numpy()
    assert kernel.std() == pytest.approx(1.0, rel=0.01)
    # Larger by as much as the learning rate is smaller.
    assert generator.mapping.layers[0].weight.numpy().std() == pytest.approx(100.0, rel=0.01)


def test_pixels_are_truncated_and_saturated():
    values = np.float32([-2, -1.004, -1, 0, 0.996, 1, 2])
    np.testing.assert_array_equal(to_pixels(values), [0, 0, 0, 128, 254, 255, 255])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resolution": 48}, "resolution is 48"),
        ({"resolution": 4}, "resolution is 4; it must be at least 8"),
        ({"generator_architecture": "unet"}, "generator_architecture is unet"),
        ({"precision": "int8"}, "precision is int8"),
        ({"mbstd_features": 5}, "mbstd_features is 5.* 512 "),
    ],
)
def test_impossible_networks_are_one_clear_line(changes, message):
    with pytest.raises(InputError, match=message):
        build_networks("config-f", **changes)
    with pytest.raises(InputError, match="'config-g'"):
        build_networks("config-g")
