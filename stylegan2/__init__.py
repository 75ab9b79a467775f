"""StyleGAN2, written from its papers (Karras et al. 2019, 2020).

config          NetworkConfig and TrainingConfig, and their presets
networks        build_networks(config) -> generator, discriminator
flags           flags that several commands share
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
snapshots       what a run keeps on its way: networks, scores, the best one
ticks           what it says of itself, in lines
saved           networks of a run or a file
nvlabs/         networks of the published pickles, read without running their code
import_nvlabs   the command that makes a run's folder of such a pickle
train           the command that trains
ops/            the two custom operations
"""

import lazy_loader

# First: TensorFlow then comes without its notices.
from gan_knowledge_gaps import training as _training  # noqa: F401
from gan_knowledge_gaps.training.saved_classes import registered_by as _registered_by

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

# By these names also where `python -m stylegan2.train` imports this package as `stylegan2`.
_registered_by(
    "gan_knowledge_gaps.stylegan2.generator", "gan_knowledge_gaps.stylegan2.discriminator"
)
