"""The least memory that a training of StyleGAN2 needs."""

import math

from gan_knowledge_gaps.stylegan2.config import NetworkConfig, TrainingConfig
from gan_knowledge_gaps.stylegan2.nvlabs.layout import discriminator_shapes, generator_shapes
from gan_knowledge_gaps.training.memory import check_memory

FLOAT = 4  # bytes


def check_training_fits(network: NetworkConfig, training: TrainingConfig, replicas: int) -> None:
    """Refuses a training whose networks or chunks are beyond this machine's memory.

    Raises:
        InputError: they are, or the devices cannot share a minibatch.
    """
    chunk = training.chunk_size(network, replicas)
    check_memory(
        least_bytes(network, training, chunk),
        f"--network_resolution={network.resolution}, --network_fmap_base={network.fmap_base}, "
        f"--training_batch_size={training.batch_size} in chunks of {chunk}",
    )


def least_bytes(network: NetworkConfig, training: TrainingConfig, chunk: int) -> int:
    """Bytes that a training on one device cannot do without.

    Weights, averages, gradients and Adam's two moments; a minibatch of images; and, for a chunk,
    the outputs of the synthesis network's convolutions, which the gradient needs. A training takes
    several times that.
    """
    generator = _count(generator_shapes(network).values())
    discriminator = _count(discriminator_shapes(network).values())
    pixels = network.resolution**2 * network.channels
    outputs = sum(2 * size**2 * network.feature_maps(size) for size in network.resolutions)
    floats = 5 * generator + 4 * discriminator + training.batch_size * pixels + chunk * outputs
    return FLOAT * floats


def _count(shapes) -> int:
    return sum(map(math.prod, shapes))
