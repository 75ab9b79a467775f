"""The low-parameter GAN: a DCGAN for 28x28 images (Radford et al., 2016; supplement 1.2).

config      DCGANConfig and its presets
networks    generator and discriminator
training    DCGANTask: losses, optimizers, one step
sampling    image i of a generator, for any i
"""

import training  # noqa: F401 - first, so that TensorFlow comes without its notices

from dcgan.config import PRESETS, DCGANConfig
from dcgan.networks import IMAGE_SHAPE, build_discriminator, build_generator
from dcgan.sampling import BATCH, sample
from dcgan.training import DCGANTask

__all__ = [
    "BATCH",
    "IMAGE_SHAPE",
    "PRESETS",
    "DCGANConfig",
    "DCGANTask",
    "build_discriminator",
    "build_generator",
    "sample",
]
