"""Networks of the published StyleGAN2 files, read without TensorFlow 1, PyTorch or their source.

Those files are pickles, and pickles are programs: Python's own unpickler would run the source code
that they hold. This package reads them without running any of it.

load               load_nvlabs_pickle(path) -> the three networks
reader             which names a file may use, and the stand-in for each (training.pickles)
budget             bounds on what is made of a file's bytes
tensorflow_file    networks of a TensorFlow file, in our layout
torch_file         the same of a PyTorch file, with modules and torch_names
options, variables what a file says of a network, all of which must be understood
converted          what both return
layout             our variables: names and shapes
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
