"""Trains GANs and classifiers that are described as values, each once, and measures them.

specs/      the values: GANs, classifiers, images from outside; each knows how it is trained
families    the families of GANs by name
config      how everything is trained, and the presets
lab         keys, artifacts, models and images of values
trainings   trains what is missing, by one process or several
stages      trains one value
workshop    what a value finds where it is built
store/      what lies in a workdir: artifacts, caches, their inventory
streaming   a generator's images, made as they are read
quality     what measures the quality of images
measure     logits, detection and quality: pure functions over a lab
run, flags  how a command trains, and its flags
executors/  where trainings run: inline, local, slurm
planning/   what would be trained, and what it takes: --dry_run
"""

import lazy_loader

# First: TensorFlow then comes without its notices.
from gan_knowledge_gaps import training as _training  # noqa: F401

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
