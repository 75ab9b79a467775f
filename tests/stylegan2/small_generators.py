"""Generators of a few weights."""

import dataclasses

import numpy as np

from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig

CONFIG = NetworkConfig(
    resolution=8, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1, mbstd_group=1
)


def make_generator(**changes) -> Generator:
    """A generator whose noise and mean of w show."""
    generator = Generator(dataclasses.replace(CONFIG, **changes), seed=1)
    random = np.random.default_rng(0)
    for variable in generator.variables:
        if variable.name in ("noise_strength", "w_avg"):
            variable.assign(random.normal(0.0, 0.5, variable.shape))
    return generator
