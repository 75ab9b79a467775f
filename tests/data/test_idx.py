"""idx files: what is right is read exactly, what is wrong is told in one line."""

import gzip
import os
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.idx import read_idx

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
# Written out by hand from the format's description.
PLAIN = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, *range(24)])
ZIPPED = gzip.compress(PLAIN)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("idx") / "images"


@pytest.mark.parametrize("contents", [PLAIN, ZIPPED], ids=["plain", "gzip"])
def test_reads_images(path, contents):
    path.write_bytes(contents)
    array = read_idx(path, rank=3)
    assert array.dtype == np.uint8
    assert np.array_equal(array, IMAGES)


def test_reads_labels_longer_than_one_piece(path, idx_bytes):
    labels = np.resize(np.arange(251, dtype=np.uint8), 2**21 + 17)
    path.write_bytes(gzip.compress(idx_bytes(labels), 1))
    assert np.array_equal(read_idx(path, rank=1), labels)


HUGE = struct.pack(">HBB3I", 0, 8, 3, *[2**32 - 1] * 3)
BAD = {
    "nothing": (b"", "not an idx file: it begins with nothing"),
    "a PNG": (b"\x89PNG\r\n\x1a\n", "not an idx file: it begins with 89 50 4e 47"),
    "floats": (b"\0\0\x0d\x03" + PLAIN[4:], "values of type 0x0d"),
    "labels": (b"\0\0\x08\x01\0\0\0\x02ab", "1 dimensions instead of 3"),
    "header cut": (PLAIN[:15], "within its header"),
    "contents cut": (PLAIN[:-1], "cut short: 23 of the 24 values"),
    "too long": (PLAIN + b"\0", "goes on after the 24 values"),
    "no images": (struct.pack(">HBB3I", 0, 8, 3, 0, 28, 28), "is empty"),
    "no images, huge": (struct.pack(">HBB3I", 0, 8, 3, 0, *[2**32 - 1] * 2), "is empty"),
    "huge header": (HUGE + bytes(10), "cut short: 10 of the 79228162458924105385300197375"),
    "huge header, gzip": (gzip.compress(HUGE + bytes(10)), "cut short: 10 of the"),
    "gzip cut": (ZIPPED[:-12], "corrupt gzip"),
    "gzip trailer cut": (ZIPPED[:-1], "corrupt gzip"),
    "gzip header only": (ZIPPED[:10], "corrupt gzip"),
    "gzip checksum": (ZIPPED[:-8] + bytes(4) + ZIPPED[-4:], "corrupt gzip"),
    "gzip body": (ZIPPED[:10] + b"\xff" * 20 + ZIPPED[30:], "corrupt gzip"),
    "after gzip": (ZIPPED + b"rest", "corrupt gzip"),
    "gzip in gzip": (gzip.compress(ZIPPED), "not an idx file: it begins with 1f 8b"),
}


@pytest.mark.parametrize(("contents", "message"), BAD.values(), ids=BAD)
def test_a_bad_file_is_one_line(path, input_error, contents, message):
    path.write_bytes(contents)
    told = input_error(read_idx, path, rank=3)
    assert message in told
    assert str(path) in told


def test_a_lying_header_allocates_nothing(path, input_error):
    path.write_bytes(gzip.compress(struct.pack(">HBB3I", 0, 8, 3, 2**31, 28, 28) + bytes(10)))
    tracemalloc.start()
    try:
        input_error(read_idx, path, rank=3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**23  # the header claims 1.7e12


def test_a_bomb_is_read_no_further_than_its_header(path, input_error):
    path.write_bytes(gzip.compress(PLAIN + bytes(2**26)))  # 64 MB of zeros in 64 kB
    tracemalloc.start()
    try:
        assert "goes on after" in input_error(read_idx, path, rank=3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**23


def test_a_missing_file_and_a_folder_are_one_line(tmp_path, input_error):
    assert "No such file" in input_error(read_idx, tmp_path / "none", rank=3)
    assert "directory" in input_error(read_idx, tmp_path, rank=3)


def test_a_forbidden_file_is_one_line(tmp_path, input_error):
    path = tmp_path / "images"
    path.write_bytes(PLAIN)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    assert "Permission denied" in input_error(read_idx, path, rank=3)


@given(
    contents=st.one_of(
        st.binary(max_size=60),
        st.builds(lambda cut, tail: PLAIN[:cut] + tail, st.integers(0, 40), st.binary(max_size=9)),
        st.builds(
            lambda at, byte: ZIPPED[:at] + bytes([byte]) + ZIPPED[at + 1 :],
            st.integers(0, len(ZIPPED) - 1),
            st.integers(0, 255),
        ),
    )
)
@example(contents=PLAIN)
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_read_or_told(path, contents):
    path.write_bytes(contents)
    try:
        array = read_idx(path, rank=3)
    except InputError:
        return
    plain = gzip.decompress(contents) if contents[:2] == b"\x1f\x8b" else contents
    header = struct.pack(">HBB3I", 0, 8, 3, *array.shape)
    assert plain == header + array.tobytes()
