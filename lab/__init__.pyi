from .config import LabConfig as LabConfig
from .config import presets as presets
from .lab import Lab as Lab
