"""What a file's reader returns: a configuration, and arrays in our layout."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from gan_knowledge_gaps.stylegan2.config import NetworkConfig

NAMES = ("generator", "discriminator", "generator_ema")


@dataclasses.dataclass(frozen=True)
class Converted:
    """The networks of a file, not yet built.

    Attributes:
        kind: of the file, in words.
        config: of the networks.
        arrays: for each of `NAMES` that the file holds, generator_ema at least, the arrays by the
            names of `layout`.
    """

    kind: str
    config: NetworkConfig
    arrays: Mapping[str, Mapping[str, np.ndarray]]


def image_major(dense: np.ndarray, maps: int) -> np.ndarray:
    """Kernel [C * 4 * 4, F] of the dense layer at 4x4 to [4 * 4 * C, F]."""
    return dense.reshape(maps, 4, 4, -1).transpose(1, 2, 0, 3).reshape(16 * maps, -1)
