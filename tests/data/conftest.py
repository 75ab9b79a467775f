"""Builders of small data files, from the formats' published descriptions."""

import struct
from pathlib import Path

import numpy as np
import pytest


def idx_bytes(array: np.ndarray) -> bytes:
    """The idx file of a uint8 array, by the description on the MNIST home page."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture(name="idx_bytes", scope="session")
def _idx_bytes():
    return idx_bytes


@pytest.fixture
def mnist_arrays() -> dict[str, np.ndarray]:
    """A data set in MNIST's format with 7 training and 3 test images, by file name."""
    random = np.random.default_rng(0)
    return {
        "train-images-idx3-ubyte": random.integers(0, 256, (7, 28, 28), np.uint8),
        "train-labels-idx1-ubyte": np.arange(7, dtype=np.uint8),
        "t10k-images-idx3-ubyte": random.integers(0, 256, (3, 28, 28), np.uint8),
        "t10k-labels-idx1-ubyte": np.arange(7, 10, dtype=np.uint8),
    }


@pytest.fixture
def mnist_folder(tmp_path, mnist_arrays) -> Path:
    """Those arrays as four plain idx files."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for name, array in mnist_arrays.items():
        (folder / name).write_bytes(idx_bytes(array))
    return folder


@pytest.fixture
def input_error():
    """Runs a function and returns the one-line message of the InputError it must raise."""
    from data import InputError

    def run(function, *args, **kwargs) -> str:
        with pytest.raises(InputError) as caught:
            function(*args, **kwargs)
        message = str(caught.value)
        assert len(message.splitlines()) == 1
        return message

    return run
