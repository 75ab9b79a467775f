"""StyleGAN2's two operations, and what is made of them: resampling, and resampling convolutions.

Each comes as a custom operation in C++ and CUDA, built at first use, and in plain TensorFlow:

    implementation="auto"        the custom one where it can be had, else the plain one, with one
                                 warning
    implementation="custom"      the custom one, or an `InputError` that says why it can't be had
    implementation="tensorflow"  the plain one; inside `jit_compile=True`, only this will do
"""

from stylegan2.ops.fused_bias_act import fused_bias_act
from stylegan2.ops.resample import downsample_2d, filter_2d, upsample_2d
from stylegan2.ops.resample_conv import conv_downsample_2d, upsample_conv_2d
from stylegan2.ops.upfirdn_2d import upfirdn_2d

__all__ = [
    "conv_downsample_2d",
    "downsample_2d",
    "filter_2d",
    "fused_bias_act",
    "upfirdn_2d",
    "upsample_2d",
    "upsample_conv_2d",
]
