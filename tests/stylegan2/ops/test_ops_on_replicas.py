"""The operations on two replicas, and on any number of threads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import reference

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = Path(__file__).with_name("ops_on_replicas.py")


@pytest.fixture(scope="module")
def outcomes() -> list[dict]:
    """With one thread, and with three."""
    reference.custom_module()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    outcomes = []
    for threads in (1, 3):
        finished = subprocess.run(
            [sys.executable, str(SCRIPT), str(threads)],
            capture_output=True, text=True, timeout=300, check=False, env=environment,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr
        outcomes.append(json.loads(finished.stdout))
    return outcomes


def test_any_number_of_threads_gives_the_same_bits(outcomes):
    assert outcomes[0]["digests"] == outcomes[1]["digests"]
    assert len(set(outcomes[0]["digests"])) == 2


def test_second_derivatives_on_two_replicas_are_those_of_one_device(outcomes):
    outcome = outcomes[1]
    np.testing.assert_allclose(outcome["images"], outcome["plain images"], rtol=1e-4, atol=1e-6)
    assert outcome["bias"][0] == outcome["bias"][1]
    np.testing.assert_allclose(outcome["bias"][0], outcome["plain bias"], rtol=1e-4, atol=1e-5)
