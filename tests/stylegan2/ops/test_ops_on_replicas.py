"""The operations on two replicas, and on any number of threads."""

import json
from pathlib import Path

import commands
import numpy as np
import pytest
import reference

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = Path(__file__).with_name("ops_on_replicas.py")


@pytest.fixture(scope="module")
def outcomes() -> list[dict]:
    """With one thread, and with three."""
    reference.custom_module()
    outcomes = []
    for threads in (1, 3):
        finished = commands.run(SCRIPT, threads, CUDA_VISIBLE_DEVICES="-1")
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
