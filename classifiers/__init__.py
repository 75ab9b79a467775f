"""Classifiers that tell generated images from natural ones.

config      ClassifierConfig and DigitConfig, and their presets
cnn         the paper's small CNN for MNIST
resnet      ResNet-50 v1.5
backbones   the detectors' networks: ResNet-50 v1.5 and those of Keras Applications
rebuilding  rebuilds a network's layers: seeds, names, precisions, widths
models      build(architecture, ...): every architecture by name, and its title
pool        batches, half natural and half from a pool of generators
training    ClassifierTask and DigitTask
patches     images of patches in pictures' own pixels
augmentation, perturbations, early_stopping    what a detector's training may add
scoring     logits and features of any number of images
train, evaluate, explain    the commands
training_inputs    what trainings on a user's own images have in common
extending, extension_report    a detector that is extended by new generators, before and after
audit, auditing/      the command that looks for shortcuts and related images, and its parts
evaluation_inputs, evaluation, score_pictures, spectra    what evaluate and explain consist of
hires_cam, map_geometry    where in an image a detector sees a generator
baseline    logistic regression on the radial spectrum, which a network must be better than
linear      logistic regression, of the baselines and of the probe
pretrained  weights that a training begins with, and the linear probe on them
train_attributor, attribute, attribution/    the commands that tell generators apart, their parts
calibrate   the command that chooses a detector's threshold by natural pictures
detect, detection/    the command that looks at files, and its parts
serve, web/      the command that serves a detector, with a page to try it, and its parts
export, serving/      the command that makes a SavedModel, and its parts
detector    Detector: a model with its temperature and what is known of it, as a folder

A classifier maps images in [0, 255] to one logit, positive = generated.
"""

import lazy_loader

# First: TensorFlow then comes without its notices.
from gan_knowledge_gaps import training as _training  # noqa: F401
from gan_knowledge_gaps.training.saved_classes import registered_by as _registered_by

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

_registered_by()
