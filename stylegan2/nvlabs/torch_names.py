"""Names and layouts of stylegan2-ada-pytorch: which of its tensors is which of our variables."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.config import SMALLEST_RESOLUTION, NetworkConfig
from gan_knowledge_gaps.stylegan2.nvlabs.converted import image_major
from gan_knowledge_gaps.stylegan2.nvlabs.layout import Shapes
from gan_knowledge_gaps.stylegan2.nvlabs.modules import Layers
from gan_knowledge_gaps.training.pickles.arrays import describe, printable

# Our layer (its block left out) to the file's.
_LAYERS = {
    "Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb", "Skip": "skip",
    "FromRGB": "fromrgb", "Conv0": "conv0", "Conv1_down": "conv1",
}  # fmt: skip
_FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
_NEEDLESS = re.compile(r"(.+\.)?resample_filter")

Conversion = Callable[[np.ndarray], np.ndarray]


def take(layers: Layers, shapes: Shapes, discriminator: bool) -> dict[str, np.ndarray]:
    """The arrays of a network in our layout; raises `InputError` where one is missing or left."""
    variables = layers.variables
    arrays = {
        name: variables.take(torch_name(name, discriminator), conversion(name, shape), shape)
        for name, shape in shapes.items()
    }
    variables.check_all_used(_NEEDLESS)
    return arrays


def torch_name(name: str, discriminator: bool) -> str:
    """The file's name for one of our variables."""
    *_, layer, kind = ["", *name.split("/")]
    if name == "dlatent_avg":
        return "mapping.w_avg"
    if name.startswith("mapping/"):
        layer = "embed" if layer == "LabelEmbed" else layer.replace("Dense", "fc")
        return f"mapping.{layer}.{kind}"
    if noise := re.fullmatch(r"synthesis/noise(\d+)", name):
        index = int(noise[1])
        return f"synthesis.b{4 << (index + 1) // 2}.conv{1 - index % 2}.noise_const"
    if layer == "Output":
        return f"b4.out.{kind}"
    size = re.findall(r"(\d+)x\d+/", name)[0]
    prefix = f"b{size}" if discriminator else f"synthesis.b{size}"
    if kind == "const":
        return f"{prefix}.const"
    if discriminator and size == "4":
        layer = {"Conv": "conv", "Dense0": "fc", "FromRGB": "fromrgb"}[layer]
    else:
        layer = _LAYERS[layer]
    if kind.startswith("mod_"):
        return f"{prefix}.{layer}.affine.{kind.removeprefix('mod_')}"
    return f"{prefix}.{layer}.{kind}"


def conversion(name: str, shape: tuple[int, ...]) -> Conversion:
    """From the file's layout of one of our variables to ours, which has the given shape."""
    layer, _, kind = name.rpartition("/")
    if kind == "const":
        return lambda constant: constant.transpose(1, 2, 0)[None]
    if kind.startswith("noise") and kind != "noise_strength":
        return lambda noise: noise[None, :, :, None]
    if kind == "mod_bias":  # There it begins at 1, here at 0.
        return lambda bias: bias.astype(np.float32) - 1
    if name == "4x4/Dense0/weight":
        return lambda weight: image_major(weight.T, shape[0] // SMALLEST_RESOLUTION**2)
    if kind not in ("weight", "mod_weight"):
        return lambda array: array
    if len(shape) == 2:
        return lambda weight: weight.transpose(1, 0)
    if layer.endswith("/Conv0_up"):  # A true convolution there; a correlation here.
        return lambda weight: weight.transpose(2, 3, 1, 0)[::-1, ::-1]
    return lambda weight: weight.transpose(2, 3, 1, 0)


def check_layers(layers: Layers, config: NetworkConfig) -> None:
    """Raises `InputError` for a layer that says of itself that it computes something else."""
    expected = _attributes(config)
    for layer in layers:
        own = layers.attributes(layer)
        for pattern, attributes in expected.items():
            if re.fullmatch(pattern, layer):
                for name, value in attributes.items():
                    if name in own and not _same(own[name], value):
                        raise InputError(
                            f"its {layers.owner}'s {printable(layer)} has {name} = "
                            f"{describe(own[name])}, which these networks cannot express"
                        )
    for name in layers.variables:
        tensor = layers.variables.peek(name)
        if _NEEDLESS.fullmatch(name) and not _is_filter(tensor):
            raise InputError(
                f"its {layers.owner}'s {printable(name)} is not the filter [1, 3, 3, 1]"
            )


def _attributes(config: NetworkConfig) -> dict[str, dict[str, Any]]:
    """What a layer of the file may say of itself, by a pattern of its name."""
    clamp = config.conv_clamp or None
    convolution = {"activation": "lrelu", "conv_clamp": clamp, "use_noise": True}
    linear = {"activation": "linear", "bias_gain": 1}
    return {
        r"mapping\.fc\d+": {"activation": "lrelu", "bias_gain": config.mapping_lr_multiplier},
        r"(mapping\.embed|.*\.affine|b4\.out)": linear,
        r"synthesis\.b\d+": {"architecture": config.generator_architecture},
        r"b\d+": {"architecture": config.discriminator_architecture},
        r"(synthesis\.)?b\d+\.conv[01]?": convolution,
        r"synthesis\.b\d+\.torgb": {"conv_clamp": clamp},
        r"(synthesis\.)?b\d+\.skip": {"activation": "linear", "conv_clamp": None},
        r"b(?!4\.)\d+\.fromrgb": convolution,
        r"b4\.fromrgb": {"activation": "lrelu", "conv_clamp": None},
        r"b4\.fc": {"activation": "lrelu", "bias_gain": 1},
    }


def _same(value: Any, expected: Any) -> bool:
    if isinstance(expected, bool | str | None):
        return value is expected or (isinstance(value, str) and value == expected)
    return isinstance(value, int | float) and abs(value - expected) <= 1e-6 * abs(expected)


def _is_filter(tensor: np.ndarray) -> bool:
    return tensor.shape == _FILTER.shape and np.allclose(tensor, _FILTER, atol=1e-6)
