"""StyleGAN2's two operations, and resampling and resampling convolutions built on them.

Beside them are updates of all variables of a network at once (`multi_tensor`).

Each comes as a custom operation, in C++ (the two in CUDA as well), and in plain TensorFlow:
`implementation` says which, as `training.native` explains.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
