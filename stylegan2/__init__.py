"""StyleGAN2, written from its papers (Karras et al. 2019, 2020).

config          NetworkConfig and TrainingConfig, and their presets
networks        build_networks(config) -> generator, discriminator
generator       mapping, truncation, synthesis
mapping         z to w
synthesis       w to images
discriminator   images to logits
layers          equalized learning rate, modulated convolution, noise
losses          logistic losses, R1, path lengths
update          one update of a network, over the chunks of a minibatch
adam            Adam that several losses share, and that skips what is not finite
randomness      what a training draws, by minibatch and chunk
task            StyleGAN2Task: the updates of a minibatch, in their order
sampling        image i of a generator
evaluated       images and latent paths as `evaluation` measures them
run             the folder of a training run
saved           networks of a run or a file
nvlabs/         networks of the published pickles, read without running their code
import_nvlabs   the command that makes a run's folder of such a pickle
train           the command that trains
ops/            the two custom operations
"""

import training  # noqa: F401 - first, so that TensorFlow comes without its notices

from stylegan2.config import NETWORKS, TRAININGS, NetworkConfig, TrainingConfig
from stylegan2.discriminator import Discriminator
from stylegan2.generator import Generator
from stylegan2.networks import build_networks
from stylegan2.nvlabs import load_nvlabs_pickle
from stylegan2.sampling import BLOCK, sample
from stylegan2.saved import load_network
from stylegan2.task import StyleGAN2Task

__all__ = [
    "BLOCK",
    "NETWORKS",
    "TRAININGS",
    "Discriminator",
    "Generator",
    "NetworkConfig",
    "StyleGAN2Task",
    "TrainingConfig",
    "build_networks",
    "load_network",
    "load_nvlabs_pickle",
    "sample",
]
