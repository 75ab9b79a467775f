"""The least memory of a training, against networks that were built."""

import numpy as np
import pytest

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2 import (
    NETWORKS,
    TRAININGS,
    NetworkConfig,
    TrainingConfig,
    build_networks,
)
from gan_knowledge_gaps.stylegan2.memory import check_training_fits, least_bytes


def test_weights_are_counted_as_they_are_built():
    small = {"resolution": 16, "fmap_base": 64, "fmap_max": 16, "latent_dim": 8, "w_dim": 8}
    generator, discriminator = build_networks("config-f", **small)
    counts = [
        sum(int(np.prod(v.shape)) for v in each.variables) for each in (generator, discriminator)
    ]
    network = NetworkConfig(**small)
    nothing = TrainingConfig(batch_size=1, micro_batch=1)
    outputs = 2 * (16 * 4**2 + 16 * 8**2 + 8 * 16**2)
    floats = 5 * counts[0] + 4 * counts[1] + 16 * 16 * 3 + outputs
    assert least_bytes(network, nothing, 1) == 4 * floats


def test_the_published_configurations_fit_and_impossible_ones_do_not():
    for name in NETWORKS:
        assert least_bytes(NETWORKS[name], TRAININGS[name], 4) < 4 * 10**9
    training = TRAININGS["config-f"]
    for network in (
        NetworkConfig(resolution=2**40),
        NetworkConfig(resolution=2**14),
        NetworkConfig(fmap_base=2**40, fmap_max=2**20),
        NetworkConfig(w_dim=2**30),
    ):
        with pytest.raises(InputError, match="GB of memory"):
            check_training_fits(network, training, 1)
    with pytest.raises(InputError, match="GB of memory"):
        check_training_fits(NETWORKS["quick"], TrainingConfig(batch_size=2**40), 1)
