"""Rebuilds a Keras network's layers: makes definite what Keras Applications leave to chance."""

from collections.abc import Iterator
from typing import Any

import keras

from gan_knowledge_gaps.training.randomness import derive_seed

# Of all batch normalizations: MobileNetV2's own 0.999 leaves stale statistics in short trainings.
MOMENTUM = 0.9
_CHANNELS = ("filters", "units", "projection_dim")
# Replicas that split a batch must draw what one device draws; in Keras' dropout they all draw the
# same.
_DROPOUTS = ("rate", "drop_path_rate")
_INITIALIZERS = ("kernel_initializer", "depthwise_initializer", "pointwise_initializer")


def rebuild(
    model: keras.Model, name: str, seed: int, precision: str, width: float = 1.0
) -> keras.Model:
    """The same network, whose weights and names are a function of the arguments alone.

    Glorot initial weights by `derive_seed`; names by a layer's kind and place; batch normalization
    over all replicas with one momentum; no dropout and no stochastic depth. Nested Sequentials are
    laid out flat, so that each layer is one of the model's own.

    Args:
        model: functional, channels last, from one input to one output; it is only read.
        name: of the new model, and what the seeds are derived for.
        seed: seed of the initial weights.
        precision: Keras dtype policy of the layers between scaling and resizing, which stay as they
            are, and the last, which is float32.
        width: factor of the channels of all layers but the last.

    Returns:
        The new model.
    """
    parts = [part for operation in model.operations for part in _parts(operation)]
    *hidden, last = parts
    new = {
        id(part): _rebuilt(part, index, name, seed, precision, width)
        for index, part in enumerate(hidden)
        if not isinstance(part, keras.layers.InputLayer)
    }
    new[id(last)] = _rebuilt(last, len(hidden), name, seed, "float32", 1.0)

    def call(operation: keras.Operation, *arguments, **options) -> Any:
        if not isinstance(operation, keras.Sequential):
            return new[id(operation)](*arguments, **options)
        (x,) = arguments
        for part in _parts(operation):
            x = new[id(part)](x)
        return x

    clone = keras.models.clone_model(model, clone_function=lambda x: x, call_function=call)
    # Not the lists, or Keras warns of every tensor that is no list.
    return keras.Model(clone.inputs[0], clone.outputs[0], name=name)


def _parts(operation: keras.Operation) -> Iterator[keras.Operation]:
    if isinstance(operation, keras.Sequential):
        for layer in operation.layers:
            yield from _parts(layer)
    elif isinstance(operation, keras.Model):
        raise TypeError(f"{operation.name} is a network in the network; build its layers flat")
    else:
        yield operation


def _rebuilt(
    part: keras.Operation, index: int, name: str, seed: int, precision: str, width: float
) -> keras.Operation:
    """A new layer, or an operation such as the sum of two tensors, at one place of a network."""
    config = part.get_config()
    config["name"] = f"{type(part).__name__.lower()}_{index}"
    if not isinstance(part, keras.Layer):
        return part.__class__.from_config(config)
    if not isinstance(part, keras.layers.Rescaling | keras.layers.Resizing):
        config["dtype"] = precision
    if width != 1:
        config |= _scaled(part, config, width)
    for weight in config.keys() & set(_INITIALIZERS):
        # A separable convolution has two kernels.
        purpose = ("pointwise",) if weight == "pointwise_initializer" else ()
        own = derive_seed(seed, name, index, *purpose)
        config[weight] = keras.initializers.GlorotUniform(own)
    config |= dict.fromkeys(config.keys() & set(_DROPOUTS), 0.0)
    if isinstance(part, keras.layers.BatchNormalization):
        config |= {"momentum": MOMENTUM, "synchronized": True}
    return part.__class__.from_config(config)


def _scaled(layer: keras.Layer, config: dict[str, Any], width: float) -> dict[str, Any]:
    """What a layer's configuration says of channels, times the width."""
    scaled = {key: max(1, round(width * config[key])) for key in _CHANNELS if key in config}
    groups = config.get("groups", 1)
    if groups > 1:
        if groups != config["filters"]:
            raise ValueError(f"{layer.name} has {groups} groups of several channels")
        scaled["groups"] = scaled["filters"]  # each channel by itself
    if isinstance(layer, keras.layers.Reshape):
        scaled["target_shape"] = (*config["target_shape"][:-1], -1)  # of squeeze-and-excite
    return scaled
