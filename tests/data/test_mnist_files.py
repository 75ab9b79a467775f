"""MNIST from files and through Keras."""

import functools
import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from gan_knowledge_gaps.data import load, sha256_file
from gan_knowledge_gaps.data.mnist import read_mnist

NAMES = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]


def check_all(images, labels, arrays):
    expected = np.concatenate([arrays[NAMES[0]], arrays[NAMES[2]]])
    assert images.dtype == np.uint8
    assert np.array_equal(images, expected[..., None])
    assert labels.dtype == np.int64
    assert labels.tolist() == list(range(10))


def plain(name):
    return name


def zipped(name):
    return f"{name}.gz"


def dotted(name):
    return name.replace("-idx", ".idx")


def dotted_zipped(name):
    return f"{dotted(name)}.gz"


@pytest.mark.parametrize("spell", [plain, zipped, dotted, dotted_zipped])
def test_the_usual_names(mnist_folder, mnist_arrays, spell):
    for name in NAMES:
        path = mnist_folder / name
        contents = path.read_bytes()
        path.unlink()
        path = mnist_folder / spell(name)
        path.write_bytes(gzip.compress(contents) if path.suffix == ".gz" else contents)
    check_all(*read_mnist(str(mnist_folder), 28, 1), mnist_arrays)


def test_a_gz_file_that_a_browser_has_unzipped(mnist_folder, mnist_arrays):
    for name in NAMES:
        (mnist_folder / name).rename(mnist_folder / zipped(name))
    check_all(*read_mnist(mnist_folder, 28, 1), mnist_arrays)


def test_folders_beside_the_files(mnist_folder, mnist_arrays):
    # As one well-known archive unpacks: a folder of each name and a dotted file.
    for name in NAMES:
        (mnist_folder / name).rename(mnist_folder / dotted(name))
        (mnist_folder / name).mkdir()
    check_all(*read_mnist(mnist_folder, 28, 1), mnist_arrays)


def test_the_home_folder_is_understood(mnist_folder, mnist_arrays, monkeypatch):
    monkeypatch.setenv("HOME", str(mnist_folder.parent))
    check_all(*read_mnist("~/mnist", 28, 1), mnist_arrays)


def test_three_channels_and_another_resolution(mnist_folder, mnist_arrays):
    images, _ = read_mnist(mnist_folder, 14, 3)
    assert images.shape == (10, 14, 14, 3)
    assert np.array_equal(images[..., 0], images[..., 1])
    assert np.array_equal(images[..., 0], images[..., 2])
    # Halving keeps the mean, up to rounding, clipping and the border.
    mean = mnist_arrays[NAMES[0]].mean(axis=(1, 2))
    assert np.abs(images[:7, ..., 0].mean(axis=(1, 2)) - mean).max() < 4


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(mnist_folder, input_error, name):
    (mnist_folder / name).unlink()
    message = input_error(load, "mnist", mnist_folder)
    assert f"no {name} in {mnist_folder}" in message
    for spell in (plain, zipped, dotted, dotted_zipped):
        assert spell(name) in message


def replace_with(name, array):
    return lambda folder, idx_bytes: (folder / name).write_bytes(idx_bytes(array))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (replace_with(NAMES[0], np.zeros((7, 32, 32), np.uint8)), "32x32, not 28x28"),
        (replace_with(NAMES[2], np.zeros((3, 28, 27), np.uint8)), "28x27, not 28x28"),
        (replace_with(NAMES[1], np.zeros(6, np.uint8)), "7 images but train-labels"),
        (replace_with(NAMES[3], np.zeros(4, np.uint8)), "3 images but t10k-labels"),
        (replace_with(NAMES[0], np.zeros(7, np.uint8)), "mixed up"),
        (replace_with(NAMES[1], np.zeros((7, 28, 28), np.uint8)), "mixed up"),
    ],
    ids=["32x32", "28x27", "few labels", "many labels", "labels for images", "images for labels"],
)
def test_parts_that_do_not_fit_are_one_line(mnist_folder, idx_bytes, input_error, damage, message):
    damage(mnist_folder, idx_bytes)
    assert message in input_error(load, "mnist", mnist_folder)


def test_fewer_than_five_images_are_one_line(mnist_folder, idx_bytes, input_error):
    for name in NAMES:
        shape = (2, 28, 28) if "images" in name else (2,)
        (mnist_folder / name).write_bytes(idx_bytes(np.zeros(shape, np.uint8)))
    assert "at least 5 images, here are 4" in input_error(load, "mnist", mnist_folder)


@pytest.fixture
def keras_with(tmp_path, monkeypatch):
    """Lets Keras' own downloader fetch MNIST from a given address into an empty cache."""
    pytest.importorskip("tensorflow", reason="Keras downloads need TensorFlow")
    import keras.src.datasets.mnist as keras_mnist

    def use(origin: str, sha256: str):
        real = keras_mnist.get_file

        @functools.wraps(real)
        def get_file(fname, origin, file_hash, *, address=origin):
            return real(fname, address, file_hash=sha256, cache_dir=str(tmp_path / "keras"))

        (tmp_path / "keras").mkdir()
        monkeypatch.setattr(keras_mnist, "get_file", get_file)

    return use


@pytest.fixture
def archive(tmp_path, mnist_arrays) -> Path:
    """An archive laid out like the mnist.npz that Keras downloads."""
    keys = ("x_train", "y_train", "x_test", "y_test")
    np.savez(tmp_path / "mnist.npz", **dict(zip(keys, mnist_arrays.values(), strict=True)))
    return tmp_path / "mnist.npz"


def test_keras_downloads(keras_with, archive, mnist_arrays, tmp_path):
    keras_with(archive.as_uri(), sha256_file(archive))
    check_all(*read_mnist(None, 28, 1), mnist_arrays)
    assert (tmp_path / "keras/datasets/mnist.npz").is_file()


def test_a_failed_download_says_what_to_do(keras_with, tmp_path, input_error):
    keras_with((tmp_path / "nowhere.npz").as_uri(), "0" * 64)
    message = input_error(load, "mnist")
    assert "URL fetch failure" in message
    assert "give --data_dir" in message


def test_a_broken_download_says_what_to_do(keras_with, archive, input_error):
    keras_with(archive.as_uri(), "0" * 64)
    message = input_error(load, "mnist")
    assert "Incomplete or corrupted" in message
    assert "give --data_dir" in message


@pytest.fixture(scope="module")
def real_folder() -> Path:
    if "GAPS_DATA" not in os.environ:
        pytest.skip("GAPS_DATA is unset: it names the folder that holds mnist/ with the real files")
    return Path(os.environ["GAPS_DATA"]) / "mnist"


def test_real_mnist_has_the_published_checksums(real_folder, idx_bytes):
    # MD5 of the four uncompressed files; those of the gzip files depend on the compressor.
    images, labels = read_mnist(real_folder, 28, 1)
    images, labels = images[..., 0], labels.astype(np.uint8)
    files = (images[:60_000], labels[:60_000], images[60_000:], labels[60_000:])
    assert [hashlib.md5(idx_bytes(file)).hexdigest() for file in files] == [
        "6bbc9ace898e44ae57da46a324031adb",
        "a25bea736e30d166cdddb491f175f624",
        "2646ac647ad5339dbf082846283269ea",
        "27ae3e4e09519cfbb04c329615203637",
    ]
    # The familiar normalisation constants: 33.3184 / 255 = 0.1307.
    assert images[:60_000].mean() == pytest.approx(33.318421, abs=1e-6)
    assert np.bincount(labels[:60_000]).tolist() == [
        *(5923, 6742, 5958, 6131, 5842),
        *(5421, 5918, 6265, 5851, 5949),
    ]


def test_real_mnist_splits_as_in_the_paper(real_folder):
    dataset = load("mnist", real_folder)
    assert (len(dataset.train), len(dataset.evaluation)) == (56_000, 14_000)
    assert dataset.image_shape == (28, 28, 1)
    # Counts of the 70,000, as listed by OpenML (mnist_784).
    counts = np.bincount(dataset.train_labels) + np.bincount(dataset.evaluation_labels)
    assert counts.tolist() == [
        *(6903, 7877, 6990, 7141, 6824),
        *(6313, 6876, 7293, 6825, 6958),
    ]
    # Pinned: every result is tied to this split.
    assert dataset.fingerprint == (
        "c68b7631e0b36903f9f7c96d6029f53a44aa66c68903dbefb49b5625468b89fd"
    )
