"""StyleGAN2's two operations, and resampling and resampling convolutions built on them.

Beside them are updates of all variables of a network at once (`multi_tensor`).

Each comes as a custom operation, in C++ (the two in CUDA as well), and in plain TensorFlow:
`implementation` says which, as `training.native` explains.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "fused_bias_act": ["fused_bias_act"],
        "resample": ["downsample_2d", "filter_2d", "upsample_2d"],
        "resample_conv": ["conv_downsample_2d", "upsample_conv_2d"],
        "upfirdn_2d": ["upfirdn_2d"],
    },
)
