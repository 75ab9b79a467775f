"""Scores of generated images, of any sampler.

config        what is measured, and how
sampler       generated images by index: what a generator offers to be measured
reference     the natural images that they are compared with, and what is known of their files
extractors    images to features, by name or file
inception     the standard Inception graph
torch_inception, inception_network
              the same from PyTorch's weights, in Keras
random_vgg    VGG16 with random weights
perceptual    pairs of images to distances, by the user's own model
rows          what is computed by index, in pieces that are kept
score         one number, and what it was taken from
evaluator     Evaluator: FID, KID, precision and recall, path lengths, sliced Wasserstein distances
report        evaluation.json and evaluation.md
"""

import lazy_loader

# First: TensorFlow then comes without its notices.
from gan_knowledge_gaps import training as _training  # noqa: F401

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
