"""Both networks by the name of their configuration."""

import dataclasses

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2.config import NETWORKS, NetworkConfig
from gan_knowledge_gaps.stylegan2.discriminator import Discriminator
from gan_knowledge_gaps.stylegan2.generator import Generator


def build_networks(
    config: str | NetworkConfig = "config-f", *, seed: int = 0, **changes
) -> tuple[Generator, Discriminator]:
    """A generator and a discriminator with fresh weights.

        generator, discriminator = build_networks("config-f", resolution=256)

    Args:
        config: a name of `NETWORKS`, or a configuration.
        seed: seed of the initial weights.
        changes: fields of `NetworkConfig` that replace the configuration's.

    Raises:
        InputError: no configuration has that name, or a field is out of its range.
    """
    if isinstance(config, str):
        if config not in NETWORKS:
            raise InputError(
                f"no network configuration is named '{config}'; there are: {', '.join(NETWORKS)}"
            )
        config = NETWORKS[config]
    config = dataclasses.replace(config, **changes)
    return Generator(config, seed), Discriminator(config, seed)
