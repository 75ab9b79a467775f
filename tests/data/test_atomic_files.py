"""Files are whole or not there; InputError is one line."""

import hashlib
import json
import math
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gan_knowledge_gaps.data import (
    InputError,
    atomic_path,
    sha256_file,
    write_bytes,
    write_json,
    write_text,
)

ROOT = Path(__file__).resolve().parents[2]


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_clean_exit_replaces_the_file(tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    with atomic_path(path) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".")
        assert temporary.suffix == ".npz"
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["model.npz"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(error), atomic_path(path) as temporary:
        temporary.write_bytes(b"ne")
        raise error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_body_that_writes_nothing_is_an_error_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(FileNotFoundError), atomic_path(path):
        pass
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(os.name == "nt", reason="Windows does not replace an open file")
def test_a_reader_of_the_old_file_keeps_it_whole(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        write_bytes(path, b"newer")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"newer"


@pytest.mark.skipif(os.name == "nt", reason="Windows does not sync folders")
def test_the_file_is_on_the_disk_before_it_is_moved_and_its_folder_after(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    synced = []

    def fsync(descriptor):
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_bytes(path, b"new")
    assert synced == [(False, b"old"), (True, b"new")]


def test_a_killed_writer_leaves_a_whole_file(tmp_path):
    # The writer alternates two contents as fast as it can, and is killed in the midst of it.
    path = tmp_path / "file"
    code = (
        "import itertools, sys; from gan_knowledge_gaps.data.files import write_bytes\n"
        "for byte in itertools.cycle((b'a', b'b')):\n"
        "    write_bytes(sys.argv[1], byte * 300_000)\n"
        "    print(flush=True)\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        for _ in range(10):
            assert writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
    assert path.read_bytes() in (b"a" * 300_000, b"b" * 300_000)


def test_two_writers_of_one_path_do_not_meet(tmp_path):
    path = tmp_path / "file"
    with atomic_path(path) as outer, atomic_path(path) as inner:
        assert outer != inner
        outer.write_bytes(b"outer")
        inner.write_bytes(b"inner")
    assert path.read_bytes() == b"outer"
    assert names(tmp_path) == ["file"]


def test_a_new_file_has_ordinary_permissions(tmp_path):
    # Unlike those of the tempfile module, which only their owner may read.
    write_bytes(tmp_path / "atomic", b"")
    (tmp_path / "ordinary").write_bytes(b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_json_keeps_order_and_ends_with_a_newline(tmp_path):
    path = tmp_path / "value.json"
    write_json(path, {"z": 1, "a": [True, None, "\u00fc"]})
    assert path.read_text("utf-8") == (
        '{\n  "z": 1,\n  "a": [\n    true,\n    null,\n    "\u00fc"\n  ]\n}\n'
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, {"x": [-math.inf]}])
def test_json_has_no_nan(tmp_path, value):
    path = tmp_path / "value.json"
    write_json(path, "old")
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, value)
    assert json.loads(path.read_text()) == "old"


def test_text_is_utf8_with_its_own_line_ends(tmp_path):
    write_text(tmp_path / "text", "\u00e9\r\n\n")
    assert (tmp_path / "text").read_bytes() == b"\xc3\xa9\r\n\n"


def test_sha256_of_a_file(tmp_path):
    # FIPS 180-2, appendix B.1.
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256_file(tmp_path / "file") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    large = bytes(range(256)) * 10_000
    (tmp_path / "file").write_bytes(large)
    assert sha256_file(str(tmp_path / "file")) == hashlib.sha256(large).hexdigest()


@pytest.mark.parametrize("message", ["a\nb", "a\r\nb", "a\u2028b", "a b"])
def test_an_input_error_is_one_line(message):
    assert str(InputError(message)) == "a b"
    assert issubclass(InputError, ValueError)
