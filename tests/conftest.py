"""Every test runs as the command lines do: quiet, and with deterministic operations."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from gan_knowledge_gaps.training.runtime import configure, prepare_import

prepare_import()
configure()

# The same examples in every run, so that a failure comes from a change.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")

# Scripts that tests start in processes of their own lie beside the tests.
sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["lab_fixtures"]


@pytest.fixture
def eagerly() -> Iterator[None]:
    """Without graphs, which take longer to make than a few steps; `conformance/` runs them."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
