"""One name for each variable of our networks, its shape, and the variable itself.

The names are those of the published TensorFlow files (and LabelEmbed, which they lack). Shapes are
known without building a network: a file's configuration may ask for one of any size, and is held
against the file's own arrays first.
"""

from collections.abc import Iterator

import keras

from gan_knowledge_gaps.stylegan2.config import SMALLEST_RESOLUTION, NetworkConfig
from gan_knowledge_gaps.stylegan2.discriminator import Discriminator
from gan_knowledge_gaps.stylegan2.generator import Generator
from gan_knowledge_gaps.stylegan2.layers import Conv2D, Dense, StyledConv2D, ToRGB
from gan_knowledge_gaps.stylegan2.synthesis import noise_resolutions

Shapes = dict[str, tuple[int, ...]]


def generator_shapes(config: NetworkConfig) -> Shapes:
    """Shapes of a generator's variables: kernels [H, W, in, out] or [in, out], images NHWC."""
    maps, w = config.feature_maps, config.w_dim
    shapes: Shapes = {"dlatent_avg": (w,)}
    inputs = config.latent_dim
    if config.label_dim and config.conditioning == "concat":
        shapes["mapping/LabelConcat/weight"] = (config.label_dim, config.latent_dim)
        inputs *= 2
    elif config.label_dim:
        shapes |= _layer("mapping/LabelEmbed", config.label_dim, w)
        inputs += w
    shapes |= _stack("mapping", config.mapping_layers, inputs, w)
    size = SMALLEST_RESOLUTION
    shapes["synthesis/4x4/Const/const"] = (1, size, size, maps(size))
    for index, resolution in enumerate(noise_resolutions(config)):
        shapes[f"synthesis/noise{index}"] = (1, resolution, resolution, 1)
    for resolution in config.resolutions:
        block, own = f"synthesis/{resolution}x{resolution}", maps(resolution)
        below = maps(max(resolution // 2, size))
        if resolution == size:
            shapes |= _styled(f"{block}/Conv", own, own, w)
        else:
            shapes |= _styled(f"{block}/Conv0_up", below, own, w)
            shapes |= _styled(f"{block}/Conv1", own, own, w)
            if config.generator_architecture == "resnet":
                shapes[f"{block}/Skip/weight"] = (1, 1, below, own)
        if config.generator_architecture == "skip" or resolution == config.resolution:
            shapes |= _modulated(f"{block}/ToRGB", 1, own, config.channels, w)
    return shapes


def discriminator_shapes(config: NetworkConfig) -> Shapes:
    """Shapes of a discriminator's variables, as those of `generator_shapes`."""
    maps = config.feature_maps
    shapes: Shapes = {}
    for resolution in config.resolutions[:0:-1]:
        block, own, below = f"{resolution}x{resolution}", maps(resolution), maps(resolution // 2)
        if config.discriminator_architecture == "skip" or resolution == config.resolution:
            shapes |= _layer(f"{block}/FromRGB", 1, 1, config.channels, own)
        shapes |= _layer(f"{block}/Conv0", 3, 3, own, own)
        shapes |= _layer(f"{block}/Conv1_down", 3, 3, own, below)
        if config.discriminator_architecture == "resnet":
            shapes[f"{block}/Skip/weight"] = (1, 1, own, below)
    size, own = SMALLEST_RESOLUTION, maps(SMALLEST_RESOLUTION)
    if config.discriminator_architecture == "skip":
        shapes |= _layer("4x4/FromRGB", 1, 1, config.channels, own)
    shapes |= _layer("4x4/Conv", 3, 3, own + config.mbstd_features, own)
    shapes |= _layer("4x4/Dense0", size * size * own, own)
    projection = config.label_dim and config.conditioning == "projection"
    shapes |= _layer("Output", own, own if projection else max(config.label_dim, 1))
    if projection:
        shapes |= _layer("mapping/LabelEmbed", config.label_dim, own)
        shapes |= _stack("mapping", config.discriminator_mapping_layers, own, own)
    return shapes


def _layer(name: str, *kernel: int) -> Shapes:
    return {f"{name}/weight": kernel, f"{name}/bias": kernel[-1:]}


def _stack(name: str, count: int, inputs: int, units: int) -> Shapes:
    shapes: Shapes = {}
    for index in range(count):
        shapes |= _layer(f"{name}/Dense{index}", units if index else inputs, units)
    return shapes


def _modulated(name: str, size: int, inputs: int, filters: int, w_dim: int) -> Shapes:
    modulation = {f"{name}/mod_weight": (w_dim, inputs), f"{name}/mod_bias": (inputs,)}
    return _layer(name, size, size, inputs, filters) | modulation


def _styled(name: str, inputs: int, filters: int, w_dim: int) -> Shapes:
    return _modulated(name, 3, inputs, filters, w_dim) | {f"{name}/noise_strength": ()}


def generator_variables(network: Generator) -> dict[str, keras.Variable]:
    """A generator's variables by the names of `generator_shapes`."""
    mapping, synthesis = network.mapping, network.synthesis
    named = {"dlatent_avg": network.w_avg, "synthesis/4x4/Const/const": synthesis.constant}
    if mapping.label_weight is not None:
        named["mapping/LabelConcat/weight"] = mapping.label_weight
    named |= _of_mapping(mapping)
    for index, noise in enumerate(synthesis.noise_maps):
        named[f"synthesis/noise{index}"] = noise
    for block in synthesis.blocks:
        for layer in (*block.convolutions, block.skip, block.to_rgb):
            named |= _of_layer(f"synthesis/{block.name}", layer)
    return named


def discriminator_variables(network: Discriminator) -> dict[str, keras.Variable]:
    """A discriminator's variables by the names of `discriminator_shapes`."""
    named = {} if network.mapping is None else _of_mapping(network.mapping)
    for block in network.blocks:
        for layer in (block.from_rgb, block.first, block.second, block.skip):
            named |= _of_layer(block.name, layer)
    last = network.last
    for layer in (last.from_rgb, last.conv, last.dense):
        named |= _of_layer(last.name, layer)
    return named | {
        name.removeprefix("/"): variable for name, variable in _of_layer("", last.output_layer)
    }


def _of_mapping(mapping) -> dict[str, keras.Variable]:
    named: dict[str, keras.Variable] = {}
    for layer in (mapping.label_embed, *mapping.layers):
        named |= _of_layer("mapping", layer)
    return named


def _of_layer(
    prefix: str, layer: Conv2D | Dense | StyledConv2D | ToRGB | None
) -> Iterator[tuple[str, keras.Variable]]:
    if layer is None:
        return
    for own in (layer, getattr(layer, "conv", None)):
        for name in ("weight", "bias", "mod_weight", "mod_bias", "noise_strength"):
            variable = getattr(own, name, None)
            if variable is not None:
                yield f"{prefix}/{layer.name}/{name}", variable
