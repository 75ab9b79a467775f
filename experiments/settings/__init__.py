"""The paper's two settings: which networks stand behind the values, and their presets.

base        what a setting is
dcgan       MNIST, a DCGAN and the small CNN
stylegan2   FFHQ at 256x256, StyleGAN2 and detectors behind JPEG encoding
"""

from experiments.settings import dcgan, stylegan2
from experiments.settings.base import Setting
from experiments.settings.dcgan import DCGANSetting
from experiments.settings.stylegan2 import FoolingConfig, StyleGAN2Setting

SETTINGS: dict[str, dict[str, Setting]] = {"dcgan": dcgan.PRESETS, "stylegan2": stylegan2.PRESETS}
PRESET_NAMES = ("quick", "reduced", "paper")

__all__ = [
    "PRESET_NAMES",
    "SETTINGS",
    "DCGANSetting",
    "FoolingConfig",
    "Setting",
    "StyleGAN2Setting",
]
