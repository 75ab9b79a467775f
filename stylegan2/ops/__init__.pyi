from .fused_bias_act import fused_bias_act as fused_bias_act
from .resample import downsample_2d as downsample_2d
from .resample import filter_2d as filter_2d
from .resample import upsample_2d as upsample_2d
from .resample_conv import conv_downsample_2d as conv_downsample_2d
from .resample_conv import upsample_conv_2d as upsample_conv_2d
from .upfirdn_2d import upfirdn_2d as upfirdn_2d
