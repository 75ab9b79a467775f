"""The low-parameter GAN: a DCGAN for 28x28 images (Radford et al., 2016; supplement 1.2).

config      DCGANConfig and its presets
networks    generator and discriminator
training    DCGANTask: losses, optimizers, one step
sampling    image i of a generator, for any i
"""

import lazy_loader

# First: TensorFlow then comes without its notices.
from gan_knowledge_gaps import training as _training  # noqa: F401

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
