"""StyleGAN2's two operations, and what is made of them: resampling, and resampling convolutions.

Each comes as a custom operation in C++ and CUDA, built at first use, and in plain TensorFlow:

    implementation="auto"        the custom one where it can be had, else the plain one, with one
                                 warning
    implementation="custom"      the custom one, or an `InputError` that says why it can't be had
    implementation="tensorflow"  the plain one; inside `jit_compile=True`, only this will do
"""

import lazy_loader

IMPLEMENTATIONS = ("auto", "custom", "tensorflow")

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "fused_bias_act": ["fused_bias_act"],
        "resample": ["downsample_2d", "filter_2d", "upsample_2d"],
        "resample_conv": ["conv_downsample_2d", "upsample_conv_2d"],
        "upfirdn_2d": ["upfirdn_2d"],
    },
)
