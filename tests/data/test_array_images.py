"""ArrayImages: reading, fingerprints, read-only."""

import hashlib

import numpy as np
import pytest

from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.data import images as images_module


def numbered(count=5, height=2, width=3, channels=1) -> np.ndarray:
    size = count * height * width * channels
    return np.arange(size, dtype=np.uint8).reshape(count, height, width, channels)


def test_reads_what_was_asked_in_that_order():
    images = ArrayImages(numbered())
    assert len(images) == 5
    assert images.shape == (2, 3, 1)
    read = images.read(np.array([4, 0, 4]))
    assert read.dtype == np.uint8
    assert read.tolist() == [numbered()[i].tolist() for i in (4, 0, 4)]
    assert images.read(np.array([], np.int64)).shape == (0, 2, 3, 1)


def test_the_fingerprint_is_of_shape_and_bytes():
    contents = bytes(range(30))
    expected = hashlib.sha256(b"uint8 5 2 3 1\n" + contents).hexdigest()
    assert ArrayImages(numbered()).fingerprint == expected
    assert ArrayImages(numbered(height=3, width=2)).fingerprint != expected
    changed = numbered()
    changed[3, 1, 2, 0] ^= 1
    assert ArrayImages(changed).fingerprint != expected


def test_the_fingerprint_does_not_depend_on_memory_layout_or_pieces(tmp_path, monkeypatch):
    expected = ArrayImages(numbered()).fingerprint
    np.save(tmp_path / "images.npy", numbered())
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert ArrayImages(mapped).fingerprint == expected
    assert ArrayImages(np.asfortranarray(numbered())).fingerprint == expected
    monkeypatch.setattr(images_module, "_CHUNK_BYTES", 13)
    assert ArrayImages(numbered()).fingerprint == expected


def test_a_mapped_file_reads_as_plain_memory(tmp_path):
    np.save(tmp_path / "images.npy", numbered())
    images = ArrayImages(np.load(tmp_path / "images.npy", mmap_mode="r"))
    read = images.read(np.array([1]))
    assert type(read) is np.ndarray
    assert read.tolist() == numbered()[[1]].tolist()


def test_the_array_is_read_only_and_copies_are_not():
    array = numbered()
    images = ArrayImages(array)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0
    read = images.read(np.array([1]))
    read[:] = 0
    assert images.read(np.array([1])).tolist() == numbered()[[1]].tolist()


@pytest.mark.parametrize(
    "array", [numbered().astype(np.float32), numbered()[..., 0], numbered()[None]]
)
def test_other_arrays_are_refused(array):
    with pytest.raises(ValueError, match=r"uint8 \[N, H, W, C\]"):
        ArrayImages(array)


@pytest.mark.parametrize("indices", [[-1], [5], [0, 1, 5], [0.0], [True], [[0, 1]], 0, []], ids=str)
def test_other_indices_are_refused(indices):
    with pytest.raises(IndexError):
        ArrayImages(numbered()).read(np.array(indices))
