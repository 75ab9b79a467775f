"""The published TensorFlow files of StyleGAN2 and StyleGAN2-ADA: a tuple (G, D, Gs)."""

import functools
import re
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.config import SMALLEST_RESOLUTION, NetworkConfig
from gan_knowledge_gaps.stylegan2.nvlabs.converted import NAMES, Converted, image_major
from gan_knowledge_gaps.stylegan2.nvlabs.layout import (
    Shapes,
    discriminator_shapes,
    generator_shapes,
)
from gan_knowledge_gaps.stylegan2.nvlabs.options import Options, agreeing, same
from gan_knowledge_gaps.stylegan2.nvlabs.reader import Module, Network
from gan_knowledge_gaps.stylegan2.nvlabs.variables import Variables
from gan_knowledge_gaps.training.pickles.arrays import Array, describe, printable

KIND = "StyleGAN2, TensorFlow"
# The first StyleGAN, and those of StyleGAN2's configurations that resemble it.
_OTHERS = (
    "G_style", "G_synthesis_stylegan_revised", "G_paper", "D_basic", "D_paper", "D_stylegan",
)  # fmt: skip
# Options of single calls and of training.
_CALLS = (
    "truncation_psi", "truncation_cutoff", "truncation_psi_val", "truncation_cutoff_val",
    "dlatent_avg_beta", "style_mixing_prob", "dlatent_broadcast", "return_dlatents",
    "randomize_noise", "mapping_func", "synthesis_func", "is_training", "is_validation",
    "is_template_graph", "func_name", "name",
)  # fmt: skip
# Options of the other network, and of the first StyleGAN: the original's networks take any
# keyword argument, and drop what is not theirs.
_GENERATORS = (
    "fused_modconv", "latent_size", "dlatent_size", "mapping_nonlinearity", "normalize_latents",
    "use_noise", "fmap_const",
)  # fmt: skip
_DISCRIMINATORS = ("mbstd_group_size", "mbstd_num_features")
_STYLEGAN = ("structure", "fused_scale", "use_wscale")
# Progress of progressive growing, which StyleGAN2 has no use for.
_NEEDLESS = re.compile(r"(synthesis/|mapping/)?lod")


def is_one(value: Any) -> bool:
    """Whether a pickle's value has this form."""
    return (
        isinstance(value, tuple)
        and len(value) == 3
        and all(isinstance(each, Network) and not isinstance(each, Module) for each in value)
    )


def convert(value: tuple[Network, Network, Network], ignored: Collection[str] = ()) -> Converted:
    """The networks of a file, whose options of the names in `ignored` need not be understood.

    Raises:
        InputError: they are none of StyleGAN2, or can't be expressed.
    """
    networks = dict(zip(NAMES, value, strict=True))
    variables = {name: Variables(name, _arrays(each)) for name, each in networks.items()}
    options = {name: _options(each) for name, each in networks.items()}
    fields = [
        _generator_fields(Options(name, options[name], ignored), variables[name])
        for name in ("generator", "generator_ema")
    ]
    given = Options("discriminator", options["discriminator"], ignored)
    its = _discriminator_fields(given, fields[0]["resolution"])
    configs = [_config(each, its) for each in fields]
    if configs[0] != configs[1]:
        raise InputError("its generator and its averaged generator differ in their options")
    arrays = {
        "generator": _take(variables["generator"], generator_shapes(configs[0])),
        "discriminator": _take(variables["discriminator"], discriminator_shapes(configs[0])),
        "generator_ema": _take(variables["generator_ema"], generator_shapes(configs[0])),
    }
    return Converted(KIND, configs[0], arrays)


def _parts(network: Network) -> dict[str, Network]:
    """The network's components by the prefix of their variables, and itself."""
    components = network.state.get("components", {})
    if not isinstance(components, dict):
        raise InputError("it holds a damaged network")
    for name, part in components.items():
        if name not in ("mapping", "synthesis") or not isinstance(part, Network):
            raise InputError(f"it holds a network with the part {describe(name)}, unknown here")
        if part.state.get("components"):
            raise InputError(f"it holds a network whose {name} has parts of its own")
    return {"": network} | {f"{name}/": part for name, part in components.items()}


def _options(network: Network) -> dict[str, Any]:
    """The options of a network and its components, which repeat them."""
    options: dict[str, Any] = {}
    for part in _parts(network).values():
        function = part.state.get("build_func_name")
        if function in _OTHERS:
            raise InputError(f"it holds {function}, not a network of StyleGAN2's final form")
        own = part.state.get("static_kwargs", {})
        if not isinstance(own, dict):
            raise InputError("it holds a damaged network")
        for name, value in own.items():
            if name not in _CALLS and name in options and not same(options[name], value):
                raise InputError(f"its networks and their parts differ in {describe(name)}")
        options |= own
    return options


def _arrays(network: Network) -> dict[str, np.ndarray]:
    """The variables of a network and its components, by name."""
    arrays: dict[str, np.ndarray] = {}
    for prefix, part in _parts(network).items():
        pairs = part.state.get("variables")
        if not isinstance(pairs, list):
            raise InputError("it holds a network without variables")
        for pair in pairs:
            name, value = _variable(pair)
            if prefix + name in arrays:
                raise InputError(f"it holds the variable {printable(prefix + name)} twice")
            arrays[prefix + name] = value
    return arrays


def _variable(pair: Any) -> tuple[str, np.ndarray]:
    if not isinstance(pair, tuple | list) or len(pair) != 2 or not isinstance(pair[0], str):
        raise InputError("it holds a damaged variable")
    name, value = pair
    if isinstance(value, Array):
        value = value.value
    if isinstance(value, float):  # A number of its own, as `numpy.float32` is.
        value = np.float64(value)
    if not isinstance(value, np.ndarray | np.float64):
        raise InputError(f"it holds the variable {printable(name)}, which is no array")
    return name, np.asarray(value)


def _config(generator: dict[str, Any], discriminator: dict[str, Any]) -> NetworkConfig:
    fields = agreeing(generator, discriminator | {"fmap_min": generator["fmap_min"]})
    fewest = fields.pop("fmap_min"), discriminator["fmap_min"]
    config = NetworkConfig(**fields)
    if config.feature_maps(config.resolution) < max(fewest):
        raise InputError(f"its fmap_min is {max(fewest)}, which these networks cannot express")
    return config


def _generator_fields(options: Options, variables: Variables) -> dict[str, Any]:
    fields = _shared_fields(options, variables.largest_resolution("synthesis/"))
    fields |= {
        "latent_dim": options.integer("latent_size", 512),
        "w_dim": options.integer("dlatent_size", 512),
        "mapping_layers": options.integer("mapping_layers", 8),
        "mapping_lr_multiplier": options.number("mapping_lrmul", 0.01),
        "generator_architecture": options.architecture("skip"),
    }
    if fields["mapping_layers"] > len(variables):
        raise InputError(
            f"its generator has mapping_layers = {fields['mapping_layers']}, but fewer variables"
        )
    options.must_be("mapping_fmaps", fields["w_dim"])
    options.must_be("mapping_nonlinearity", "lrelu")
    options.must_be("normalize_latents", True)
    options.must_be("use_noise", True)
    options.must_be("fmap_const", None)
    options.ignore(*_CALLS, "fused_modconv")
    options.ignore_idle(*_DISCRIMINATORS, *_STYLEGAN)
    options.check_all_used()
    return fields


def _discriminator_fields(options: Options, resolution: int) -> dict[str, Any]:
    fields = _shared_fields(options, resolution)
    fields |= {
        "discriminator_architecture": options.architecture("resnet"),
        "mbstd_group": options.integer("mbstd_group_size", 4),
        "mbstd_features": options.integer("mbstd_num_features", 1),
    }
    # StyleGAN2-ADA's mapping of labels, which has no variables where there are no labels.
    options.ignore("mapping_layers", "mapping_fmaps", "mapping_lrmul", "freeze_layers")
    options.ignore(*_CALLS)
    options.ignore_idle(*_GENERATORS, *_STYLEGAN)
    options.check_all_used()
    return fields


def _shared_fields(options: Options, resolution: int) -> dict[str, Any]:
    options.must_be("fmap_decay", 1.0, 1)
    options.must_be("nonlinearity", "lrelu")
    options.must_be("resample_kernel", [1, 3, 3, 1])
    options.must_be("dtype", "float32")
    options.ignore("num_fp16_res")
    return {
        "resolution": options.integer("resolution", resolution),
        "channels": options.integer("num_channels", 3),
        "label_dim": options.integer("label_size", 0),
        "fmap_base": options.integer("fmap_base", 16384),
        "fmap_min": options.integer("fmap_min", 1),
        "fmap_max": options.integer("fmap_max", 512),
        "conv_clamp": options.number_or_none("conv_clamp") or 0.0,
    }


def _take(variables: Variables, shapes: Shapes) -> dict[str, np.ndarray]:
    """The arrays of a network: kernels are as ours, images are NCHW."""
    arrays = {}
    for name, shape in shapes.items():
        convert: Callable[[np.ndarray], np.ndarray] = _as_it_is
        if name == "4x4/Dense0/weight":
            convert = functools.partial(image_major, maps=shape[0] // SMALLEST_RESOLUTION**2)
        elif re.fullmatch(r"synthesis/(noise\d+|4x4/Const/const)", name):
            convert = _to_nhwc
        arrays[name] = variables.take(name, convert, shape)
    variables.check_all_used(_NEEDLESS)
    return arrays


def _as_it_is(array: np.ndarray) -> np.ndarray:
    return array


def _to_nhwc(images: np.ndarray) -> np.ndarray:
    return images.transpose(0, 2, 3, 1)
