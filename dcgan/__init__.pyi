from .config import BATCH as BATCH
from .config import IMAGE_SHAPE as IMAGE_SHAPE
from .config import PRESETS as PRESETS
from .config import DCGANConfig as DCGANConfig
from .networks import build_discriminator as build_discriminator
from .networks import build_generator as build_generator
from .sampling import sample as sample
from .training import DCGANTask as DCGANTask
