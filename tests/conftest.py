"""Every test runs as the command lines do: quiet, and with deterministic operations."""

import sys
from pathlib import Path

from training.runtime import configure, import_quietly

import_quietly()
configure()

# Scripts that tests start in processes of their own lie beside the tests.
sys.path.insert(0, str(Path(__file__).parent))
