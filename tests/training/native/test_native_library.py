"""`load` gives the operations; or one warning and None; or, where they are demanded, an error."""

import ctypes
import dataclasses
import json
import logging
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fake_compilers
import pytest
import tensorflow as tf

from gan_knowledge_gaps.data import InputError, sha256_file
from gan_knowledge_gaps.training.native import cache, library

pytestmark = pytest.mark.skipif(fake_compilers.GXX is None, reason="there is no g++")
BUILD = 2  # calls of the compiler: one source, and the link


@pytest.fixture(autouse=True)
def compiler(tmp_path, monkeypatch) -> Path:
    """A process that has loaded nothing: a compiler that logs, an empty cache, a small source."""
    path = fake_compilers.compiler(tmp_path / "bin" / "logged-g++")
    monkeypatch.setenv("CXX", str(path))
    monkeypatch.setenv("GAPS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(library, "SOURCES", fake_compilers.source_folder(tmp_path / "sources"))
    new_process(monkeypatch)
    return path


def new_process(monkeypatch) -> None:
    monkeypatch.setattr(library, "_outcome", None)
    monkeypatch.setattr(library, "_warned", False)


def warnings(caplog) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


def cached_file() -> Path:
    (path,) = cache.folder().glob("*.so")
    return path


# ---- the good cases


@pytest.mark.parametrize("implementation", ["auto", "custom"])
def test_the_library_is_built_and_loaded_once(implementation, compiler, caplog):
    module = library.load(implementation)
    assert ctypes.CDLL(str(cached_file())).gaps_stand_in() == 1
    assert library.load("auto") is library.load("custom") is module
    assert len(fake_compilers.calls(compiler)) == BUILD
    assert warnings(caplog) == []


def test_plain_tensorflow_builds_nothing(compiler):
    assert library.load("tensorflow") is None
    assert fake_compilers.calls(compiler) == []
    assert not cache.folder().exists()


def test_an_unknown_implementation_is_an_error():
    with pytest.raises(InputError, match="implementation is 'cuda'"):
        library.load("cuda")


def test_threads_that_load_together_build_once(compiler):
    with ThreadPoolExecutor(8) as pool:
        modules = set(pool.map(lambda _: library.load(), range(8)))
    assert len(modules) == 1
    assert None not in modules
    assert len(fake_compilers.calls(compiler)) == BUILD


# ---- a cache that is no good


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def replace_by_another_tensorflows(path: Path) -> None:
    """A library that is whole, and needs a symbol that no loaded library has."""
    source = path.with_name("other.cc")
    source.write_text("int elsewhere(); int here() { return elsewhere(); }\n")
    subprocess.run([fake_compilers.GXX, "-shared", "-fPIC", "-o", path, source], check=True)
    manifest = path.with_suffix(".json")
    fields = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**fields, "sha256": sha256_file(path)}))


def spoil_manifest(path: Path) -> None:
    path.with_suffix(".json").write_text('{"cuda": fal')


@pytest.mark.parametrize("damage", [cut, flip, replace_by_another_tensorflows, spoil_manifest])
def test_a_useless_library_is_built_again_once(damage, compiler, caplog):
    path = cache.build(library.Recipe(library.SOURCES, library.find_compiler())).path
    damage(path)
    assert library.load("custom") is not None
    assert ctypes.CDLL(str(path)).gaps_stand_in() == 1
    assert len(fake_compilers.calls(compiler)) == 2 * BUILD
    assert warnings(caplog) == []


def test_a_stale_lock_file_does_not_hang(monkeypatch):
    library.obtain(library.SOURCES)
    path = cached_file()
    path.unlink()
    path.with_suffix(".lock").write_text("12345")
    assert library.load("custom") is not None


# ---- what can go wrong


def no_compiler(monkeypatch, tmp_path, compiler) -> None:
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def missing_compiler(monkeypatch, tmp_path, compiler) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")


def compiler_that_is_no_program(monkeypatch, tmp_path, compiler) -> None:
    compiler.write_bytes(b"\x7fELF rubbish")


def failing_compiler(monkeypatch, tmp_path, compiler) -> None:
    fake_compilers.compiler(compiler, "exit 1")


def crashing_compiler(monkeypatch, tmp_path, compiler) -> None:
    fake_compilers.compiler(compiler, "kill -SEGV $$")


def compiler_that_writes_nothing(monkeypatch, tmp_path, compiler) -> None:
    fake_compilers.compiler(compiler, "echo '%&/ rubbish'")


def compiler_that_writes_rubbish(monkeypatch, tmp_path, compiler) -> None:
    body = 'while [ "$1" != -o ]; do shift; done; echo rubbish > "$2"'
    fake_compilers.compiler(compiler, body)


def source_that_does_not_compile(monkeypatch, tmp_path, compiler) -> None:
    (library.SOURCES / "stand_in.cc").write_text("int broken(\n")


def library_that_does_not_load(monkeypatch, tmp_path, compiler) -> None:
    (library.SOURCES / "stand_in.cc").write_text("int elsewhere(); int x = elsewhere();\n")


def cache_that_is_no_folder(monkeypatch, tmp_path, compiler) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GAPS_CACHE", str(tmp_path / "file"))


def read_only_cache(monkeypatch, tmp_path, compiler) -> None:
    (tmp_path / "cache").mkdir(mode=0o500)
    if os.access(tmp_path / "cache", os.W_OK):
        pytest.skip("this user may write to every folder")


TROUBLES = {
    no_compiler: "there is no C++ compiler",
    missing_compiler: "CXX is 'no-such-compiler'",
    compiler_that_is_no_program: "cannot be started: Exec format error",
    failing_compiler: "logged-g++ failed while compiling stand_in.cc: exit code 1",
    crashing_compiler: "logged-g++ failed while compiling stand_in.cc: killed by SIGSEGV",
    compiler_that_writes_nothing: "reported success, but wrote no stand_in.cc.o",
    compiler_that_writes_rubbish: "does not load",
    source_that_does_not_compile: "stand_in.cc:1:12: error: expected",
    library_that_does_not_load: "undefined symbol: _Z9elsewherev",
    cache_that_is_no_folder: "(Not a directory); set GAPS_CACHE",
    read_only_cache: "(Permission denied); set GAPS_CACHE",
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_is_one_warning_or_an_error(trouble, compiler, monkeypatch, tmp_path, caplog):
    trouble(monkeypatch, tmp_path, compiler)
    assert library.load() is None
    assert library.load() is None
    (warning,) = warnings(caplog)
    assert TROUBLES[trouble] in warning
    assert "Plain TensorFlow takes over" in warning
    assert "\n" not in warning
    tries = len(fake_compilers.calls(compiler))
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            library.load("custom")
        assert TROUBLES[trouble] in str(caught.value)
    assert len(fake_compilers.calls(compiler)) == tries  # nothing is tried again and again
    assert not list(cache.folder().glob("*.building"))


def test_a_process_that_demands_the_library_is_not_warned(compiler, caplog):
    fake_compilers.compiler(compiler, "exit 1")
    with pytest.raises(InputError):
        library.load("custom")
    assert warnings(caplog) == []


def test_a_read_only_cache_that_has_the_library_will_do(monkeypatch, compiler):
    library.obtain(library.SOURCES)
    monkeypatch.setattr(cache, "build", lambda *_, **__: pytest.fail("it writes to the cache"))
    assert library.load("custom") is not None


# ---- GPUs


@pytest.fixture
def gpu(monkeypatch) -> None:
    """A GPU that TensorFlow sees."""
    devices = {"GPU": [object()]}
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: devices[kind])


def test_a_gpu_needs_kernels(gpu, caplog):
    assert library.load() is None
    assert "there is a GPU, and no kernels for it" in warnings(caplog)[0]
    with pytest.raises(InputError, match="there is a GPU, and no kernels for it"):
        library.load("custom")


def test_a_gpu_without_kernels_is_told_why_they_failed(gpu, monkeypatch, caplog):
    with_problem(monkeypatch, cuda=False, cuda_problem="nvcc failed")
    assert library.load() is None
    assert "no kernels for it: nvcc failed" in warnings(caplog)[0]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("nullptr", None), ('"the driver is old"', "the GPU kernels cannot run: the driver is old")],
)
def test_the_library_is_asked_whether_it_runs_on_the_gpu(answer, expected, gpu, monkeypatch):
    source = f'extern "C" const char* gaps_gpu_problem() {{ return {answer}; }}\n'
    (library.SOURCES / "stand_in.cc").write_text(source)
    with_problem(monkeypatch, cuda=True)
    if expected is None:
        assert library.load("custom") is not None
    else:
        with pytest.raises(InputError, match=expected):
            library.load("custom")


def with_problem(monkeypatch, **fields) -> None:
    """Has the library say something else of its GPU kernels than is the case."""
    real = library.obtain

    def obtain(sources):
        loaded = real(sources)
        return dataclasses.replace(loaded, library=dataclasses.replace(loaded.library, **fields))

    monkeypatch.setattr(library, "obtain", obtain)
