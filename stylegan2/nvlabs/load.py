"""A published file's networks, built."""

import dataclasses
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.discriminator import Discriminator
from gan_knowledge_gaps.stylegan2.generator import Generator
from gan_knowledge_gaps.stylegan2.nvlabs import tensorflow_file, torch_file
from gan_knowledge_gaps.stylegan2.nvlabs.converted import NAMES, Converted
from gan_knowledge_gaps.stylegan2.nvlabs.layout import discriminator_variables, generator_variables
from gan_knowledge_gaps.stylegan2.nvlabs.reader import read


@dataclasses.dataclass(frozen=True)
class NVlabsNetworks:
    """The networks of a file.

    Attributes:
        generator: as it was trained last; None where the file holds only the average.
        discriminator: images in [-1, 1] to logits, positive = natural; None likewise.
        generator_ema: the generator's running average, which makes the images.
        kind: of the file, in words.
    """

    generator: Generator | None
    discriminator: Discriminator | None
    generator_ema: Generator
    kind: str

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the networks that the file lacks."""
        return tuple(name for name in NAMES if getattr(self, name) is None)


def load_nvlabs_pickle(path: str | Path, ignored_options: Collection[str] = ()) -> NVlabsNetworks:
    """The networks of a published StyleGAN2 file; no code in the file is run.

    Args:
        path: a pickle of StyleGAN2 or StyleGAN2-ADA (TensorFlow), or of stylegan2-ada-pytorch.
        ignored_options: names of options of the file that need not be understood.

    Returns:
        Our networks in the file's configuration, float32: float16 is a matter of speed there, and
        of `NetworkConfig.precision` here. Constant noise and w's mean are the file's.

    Raises:
        InputError: the file can't be read, holds other networks or damaged ones, uses a name that
            such files have no need of, or an option that our networks don't have.
    """
    path = Path(path)
    try:
        converted = _convert(path.read_bytes(), ignored_options)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (MemoryError, RecursionError, OverflowError) as error:
        raise InputError(f"{path} cannot be imported: it asks for too much memory") from error
    except InputError as error:
        raise InputError(f"{path} cannot be imported: {error}") from error
    return _build(converted)


def _convert(data: bytes, ignored_options: Collection[str] = ()) -> Converted:
    value = read(data)
    for form in (tensorflow_file, torch_file):
        if form.is_one(value):
            converted = form.convert(value, ignored_options)
            _check_size(converted, len(data))
            return converted
    raise InputError(
        "it holds no networks of StyleGAN2: neither a tuple (G, D, Gs) nor a dict with G_ema"
    )


def _check_size(converted: Converted, size: int) -> None:
    """Raises `InputError` where variables share their bytes: few could make a network of any size.

    Half precision becomes single in some of them: twice the file at most.
    """
    arrays = [array for network in converted.arrays.values() for array in network.values()]
    if sum(array.nbytes for array in arrays) > 2 * size:
        raise InputError("its variables are larger than the file")


def _build(converted: Converted) -> NVlabsNetworks:
    networks: dict[str, Any] = dict.fromkeys(NAMES)
    for name, arrays in converted.arrays.items():
        if name == "discriminator":
            networks[name] = Discriminator(converted.config)
            _assign(discriminator_variables(networks[name]), arrays)
        else:
            networks[name] = Generator(converted.config)
            _assign(generator_variables(networks[name]), arrays)
    return NVlabsNetworks(kind=converted.kind, **networks)


def _assign(variables: Mapping[str, keras.Variable], arrays: Mapping[str, np.ndarray]) -> None:
    if variables.keys() != arrays.keys():
        raise AssertionError(f"not the same variables: {variables.keys() ^ arrays.keys()}")
    for name, variable in variables.items():
        variable.assign(np.ascontiguousarray(arrays[name], np.float32).reshape(variable.shape))
