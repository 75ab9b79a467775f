"""Builders of small data files, from the formats' published descriptions."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


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
    from gan_knowledge_gaps.data import InputError

    def run(function, *args, **kwargs) -> str:
        with pytest.raises(InputError) as caught:
            function(*args, **kwargs)
        message = str(caught.value)
        assert len(message.splitlines()) == 1
        return message

    return run


def noise(height: int, width: int, seed: int) -> np.ndarray:
    """A colour picture, uint8 [height, width, 3]."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture
def pictures(tmp_path) -> Path:
    """A folder of 11 pictures: 10 PNG files of 18x24 ... 27x24 pixels, a JPEG in a subfolder."""
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    for i in range(10):
        Image.fromarray(noise(24, 18 + i, i)).save(folder / f"{i}.png")
    Image.fromarray(noise(40, 30, 99)).save(folder / "sub/x.jpg", quality=90)
    return folder


@pytest.fixture(scope="session")
def zip_of():
    """Writes every file of a folder into a zip beside it; returns the zip."""

    def run(folder: Path, compression: int = zipfile.ZIP_STORED) -> Path:
        path = folder.with_name(f"{folder.name}-{compression}.zip")
        with zipfile.ZipFile(path, "w", compression) as archive:
            for file in sorted(folder.rglob("*"), reverse=True):
                archive.write(file, file.relative_to(folder))
        return path

    return run


@pytest.fixture
def converted(tmp_path):
    """Converts to 8x8 in 3 shards, or as the options say; returns the folder of records."""
    from gan_knowledge_gaps.data.records.conversion import Conversion
    from gan_knowledge_gaps.data.records.options import ConvertOptions

    def run(source, output="records", on_bad=lambda line: None, **options) -> Path:
        folder = tmp_path / output
        options = {"resolution": 8, "shards": 3, **options}
        with Conversion(ConvertOptions(str(source), str(folder), **options)) as conversion:
            conversion.run(on_bad=on_bad)
        return folder

    return run
