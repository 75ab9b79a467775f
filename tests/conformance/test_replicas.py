"""Two replicas that share a batch train as one device does on the whole of it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tasks import RATE

SCRIPT = Path(__file__).with_name("train.py")
STEPS = 6


def train(kind: str, folder: Path, replicas: int) -> None:
    command = [sys.executable, str(SCRIPT), kind, str(folder), str(STEPS), str(replicas)]
    without_gpus = os.environ | {"CUDA_VISIBLE_DEVICES": "-1"}  # One CPU against two, anywhere.
    subprocess.run(command, check=True, capture_output=True, timeout=300, env=without_gpus)


def weights(folder: Path, name: str) -> list[np.ndarray]:
    with np.load(folder / f"{name}.npz") as arrays:
        return [arrays[key] for key in arrays.files]


NETWORKS = {
    "gan": ("generator", "discriminator"),
    "classifier": ("model",),
    "stylegan2": ("generator", "generator_ema", "discriminator"),
}


@pytest.mark.parametrize("kind", list(NETWORKS))
def test_two_replicas_equal_one_device(kind, tmp_path):
    train(kind, tmp_path / "one", 0)
    train(kind, tmp_path / "two", 2)
    for name in NETWORKS[kind]:
        for one, two in zip(
            weights(tmp_path / "one", name), weights(tmp_path / "two", name), strict=True
        ):
            # Sums over replicas are in another order, and Adam divides what is left of gradients
            # near zero by their size: a hundredth of a single step, of which there were six.
            np.testing.assert_allclose(two, one, rtol=1e-4, atol=0.01 * RATE)
