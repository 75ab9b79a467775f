"""The files of stylegan2-ada-pytorch: a dict with the modules G, D and G_ema, or the last only."""

from collections.abc import Collection
from typing import Any

import numpy as np

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.config import SMALLEST_RESOLUTION, NetworkConfig
from gan_knowledge_gaps.stylegan2.nvlabs.converted import Converted
from gan_knowledge_gaps.stylegan2.nvlabs.layout import discriminator_shapes, generator_shapes
from gan_knowledge_gaps.stylegan2.nvlabs.modules import Layers
from gan_knowledge_gaps.stylegan2.nvlabs.options import Options, agreeing
from gan_knowledge_gaps.stylegan2.nvlabs.reader import Module
from gan_knowledge_gaps.stylegan2.nvlabs.torch_names import check_layers, take

KIND = "StyleGAN2-ADA, PyTorch"
_MODULES = {"generator": "G", "discriminator": "D", "generator_ema": "G_ema"}


def is_one(value: Any) -> bool:
    """Whether a pickle's value has this form."""
    return isinstance(value, dict) and any(
        isinstance(value.get(name), Module) for name in _MODULES.values()
    )


def convert(value: dict[str, Any], ignored: Collection[str] = ()) -> Converted:
    """The networks of a file, whose options of the names in `ignored` need not be understood.

    Raises:
        InputError: they are none of StyleGAN2, or can't be expressed.
    """
    for name in _MODULES.values():
        if not isinstance(value.get(name), Module | None):
            raise InputError(f"its {name} is no network")
    if value.get("G_ema") is None:
        raise InputError("it has no network G_ema, the generator's average, which makes the images")
    layers = {
        name: Layers(name, value[its], ignored)
        for name, its in _MODULES.items()
        if value.get(its) is not None
    }
    generators = [layers[name] for name in ("generator", "generator_ema") if name in layers]
    if any("synthesis.input" in each for each in generators):
        raise InputError("it is of StyleGAN3, which is another network")
    its = _discriminator_fields(layers["discriminator"]) if "discriminator" in layers else {}
    config, *others = (_config(_generator_fields(each), its) for each in generators)
    if any(other != config for other in others):
        raise InputError("its generator and its averaged generator differ in their options")
    arrays: dict[str, dict[str, np.ndarray]] = {}
    for name, each in layers.items():
        check_layers(each, config)
        shapes = discriminator_shapes if name == "discriminator" else generator_shapes
        arrays[name] = take(each, shapes(config), name == "discriminator")
    return Converted(KIND, config, arrays)


def _config(generator: dict[str, Any], discriminator: dict[str, Any]) -> NetworkConfig:
    fields = agreeing(generator, discriminator)
    cmap_dim = fields.pop("cmap_dim", None)
    config = NetworkConfig(**fields)
    if config.label_dim and cmap_dim not in (None, config.feature_maps(SMALLEST_RESOLUTION)):
        raise InputError(
            f"its discriminator has cmap_dim = {cmap_dim:g}, which these networks cannot express"
        )
    return config


def _generator_fields(layers: Layers) -> dict[str, Any]:
    options = layers.options()
    fields = _shared_fields(options)
    fields |= {"latent_dim": options.integer("z_dim"), "w_dim": options.integer("w_dim")}
    mapping = options.part("mapping_kwargs")
    # Later files have the synthesis network's options among the generator's own.
    synthesis = options.part("synthesis_kwargs") if "synthesis_kwargs" in options else options
    fields["mapping_layers"], fields["mapping_lr_multiplier"] = _mapping(
        mapping, layers, fields["w_dim"]
    )
    fields |= _channels(synthesis)
    fields["conv_clamp"] = _clamp(synthesis, layers, "synthesis.b4.conv1")
    fields["generator_architecture"] = synthesis.architecture("skip")
    _check_layer_options(synthesis)
    synthesis.must_be("use_noise", True)
    synthesis.ignore("num_fp16_res", "fused_modconv_default")
    _check_all_used(options, synthesis)
    return fields


def _discriminator_fields(layers: Layers) -> dict[str, Any]:
    options = layers.options()
    fields = _shared_fields(options) | _channels(options)
    fields["conv_clamp"] = _clamp(options, layers, "b4.conv")
    fields["discriminator_architecture"] = options.architecture("resnet")
    fields["cmap_dim"] = options.number_or_none("cmap_dim")
    mapping, block = options.part("mapping_kwargs"), options.part("block_kwargs")
    epilogue = options.part("epilogue_kwargs")
    if fields["label_dim"]:
        units = fields["cmap_dim"] or min(fields["fmap_base"] // 2, fields["fmap_max"])
        fields["discriminator_mapping_layers"], fields["mapping_lr_multiplier"] = _mapping(
            mapping, layers, units
        )
    fields["mbstd_group"] = epilogue.integer("mbstd_group_size", 4)
    fields["mbstd_features"] = epilogue.integer("mbstd_num_channels", 1)
    epilogue.must_be("activation", "lrelu")
    _check_layer_options(block)
    options.ignore("num_fp16_res")
    _check_all_used(options, block, epilogue)
    return fields


def _shared_fields(options: Options) -> dict[str, Any]:
    label_dim = options.integer("c_dim")
    return {
        "resolution": options.integer("img_resolution"),
        "channels": options.integer("img_channels"),
        "label_dim": label_dim,
        "conditioning": "projection" if label_dim else "concat",
    }


def _mapping(options: Options, layers: Layers, units: float) -> tuple[int, float]:
    """Number of layers and learning-rate multiplier of a mapping network."""
    count = options.integer("num_layers", 8)
    if count > len(layers):
        raise InputError(f"its {layers.owner} has {count} mapping layers, but fewer variables")
    multiplier = options.number("lr_multiplier", 0.01)
    for name in ("embed_features", "layer_features"):
        options.must_be(name, None, int(units))
    options.must_be("activation", "lrelu")
    options.ignore("w_avg_beta")
    options.check_all_used()
    return count, multiplier


def _channels(options: Options) -> dict[str, int]:
    base = options.integer("channel_base", 32768)
    if base % 2:
        raise InputError(f"its channel_base is {base}, which these networks cannot express")
    return {"fmap_base": base // 2, "fmap_max": options.integer("channel_max", 512)}


def _clamp(options: Options, layers: Layers, layer: str) -> float:
    """What the layers themselves say, where they do: the option's default has changed."""
    asked = options.number_or_none("conv_clamp")
    found = layers.attributes(layer).get("conv_clamp", asked)
    return Options(layers.owner, {"conv_clamp": found}).number_or_none("conv_clamp") or 0.0


def _check_layer_options(options: Options) -> None:
    options.must_be("activation", "lrelu")
    options.must_be("resample_filter", [1, 3, 3, 1])
    options.ignore("fp16_channels_last", "freeze_layers")


def _check_all_used(*all_options: Options) -> None:
    for options in all_options:
        options.check_all_used()
