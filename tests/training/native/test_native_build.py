"""The library is built once, whoever asks and dies meanwhile, and for just what it depends on."""

import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import fake_compilers
import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.native import build, cache, recipe
from gan_knowledge_gaps.training.native.errors import BuildError
from gan_knowledge_gaps.training.native.library import obtain
from gan_knowledge_gaps.training.native.recipe import Recipe, target_key
from gan_knowledge_gaps.training.native.toolchain import Tool, find_compiler, find_nvcc

pytestmark = pytest.mark.skipif(fake_compilers.GXX is None, reason="there is no g++")
BUILD = 2  # calls of the compiler: one source, and the link


@pytest.fixture
def compiler(tmp_path, monkeypatch) -> Path:
    """A compiler that logs, and an empty cache."""
    path = fake_compilers.compiler(tmp_path / "bin" / "logged-g++")
    monkeypatch.setenv("CXX", str(path))
    monkeypatch.setenv("GAPS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NVCC", raising=False)
    monkeypatch.delenv("CUDA_HOME", raising=False)
    return path


@pytest.fixture
def sources(tmp_path) -> Path:
    return fake_compilers.source_folder(tmp_path / "sources")


def without_compiler(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


# ---- built once


def test_the_second_time_nothing_is_compiled(compiler, sources):
    first = obtain(sources)
    assert first.built
    assert len(fake_compilers.calls(compiler)) == BUILD
    second = obtain(sources)
    assert not second.built
    assert second.library == first.library
    assert len(fake_compilers.calls(compiler)) == BUILD


def test_force_builds_again(compiler, sources):
    obtain(sources)
    assert obtain(sources, force=True).built
    assert len(fake_compilers.calls(compiler)) == 2 * BUILD


PROCESS = """
import sys
from pathlib import Path
from gan_knowledge_gaps.training.native import library
print("ready", flush=True)
sys.stdin.readline()
print(library.obtain(Path(sys.argv[1])).library.path, flush=True)
"""


def start_process(sources: Path) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, sources],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process


def say_go(process: subprocess.Popen) -> None:
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.mark.long
def test_two_processes_that_start_together_build_once(compiler, sources):
    fake_compilers.compiler(compiler, f'sleep 1; exec {fake_compilers.GXX} "$@"')
    processes = [start_process(sources) for _ in range(2)]
    for process in processes:
        say_go(process)
    answers = [process.communicate(timeout=60)[0] for process in processes]
    (path,) = cache.folder().glob("*.so")
    assert answers == [f"{path}\n"] * 2
    assert len(fake_compilers.calls(compiler)) == BUILD


@pytest.mark.long
def test_a_killed_builder_leaves_no_lock_and_no_library(compiler, sources, tmp_path):
    # The compiler writes a part of its output, and then never ends.
    started = tmp_path / "started"
    fake_compilers.compiler(compiler, f"touch {started}; echo $$ > {started}; exec sleep 600")
    process = start_process(sources)
    say_go(process)
    deadline = time.monotonic() + 60
    while not (started.exists() and started.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not list(cache.folder().glob("*.so"))
    assert list(cache.folder().glob("*.building"))
    try:
        fake_compilers.compiler(compiler)
        before = time.monotonic()
        assert obtain(sources).built
        assert time.monotonic() - before < 20
        assert not list(cache.folder().glob("*.building"))
    finally:
        os.kill(int(started.read_text()), signal.SIGKILL)


# ---- what it depends on


def test_the_key_follows_all_that_the_library_depends_on(sources, monkeypatch):
    gxx, clang = Tool(("/usr/bin/g++",), "12.2"), Tool(("/usr/bin/clang++",), "12.2")
    keys = [Recipe(sources, gxx).key()]
    keys.append(Recipe(sources, clang).key())
    keys.append(Recipe(sources, Tool(("/usr/bin/g++",), "13.1")).key())
    keys.append(Recipe(sources, gxx, Tool(("/usr/bin/nvcc",), "13.0")).key())
    with monkeypatch.context() as changed:
        changed.setattr(tf, "__version__", "2.99.0")
        keys.append(Recipe(sources, gxx).key())
    with monkeypatch.context() as changed:
        changed.setattr(recipe, "_FLAGS", ("-O1",))
        keys.append(Recipe(sources, gxx).key())
    with monkeypatch.context() as changed:
        changed.setattr(tf.sysconfig, "get_link_flags", lambda: ["-lother"])
        keys.append(Recipe(sources, gxx).key())
    (sources / "shared.h").write_text("int shared;\n")
    keys.append(Recipe(sources, gxx).key())
    (sources / "shared.h").write_text("int Shared;\n")
    keys.append(Recipe(sources, gxx).key())
    assert len(set(keys)) == len(keys)
    (sources / "notes.txt").write_text("not compiled\n")
    assert Recipe(sources, gxx).key() == keys[-1]


def test_a_changed_source_is_compiled(compiler, sources):
    obtain(sources)
    (sources / "stand_in.cc").write_text("int gaps_stand_in() { return 2; }\n")
    assert obtain(sources).built


def test_without_a_compiler_another_ones_library_will_do(compiler, sources, monkeypatch, tmp_path):
    built = obtain(sources).library
    without_compiler(monkeypatch, tmp_path)
    assert obtain(sources).library == built
    (sources / "stand_in.cc").write_text("int gaps_stand_in() { return 2; }\n")
    assert cache.find_of_any_compiler(target_key(sources)) is None
    with pytest.raises(BuildError, match="there is no C"):
        obtain(sources)


def test_the_cache_is_where_the_user_says(monkeypatch):
    monkeypatch.setenv("GAPS_CACHE", "/a")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    monkeypatch.setenv("HOME", "/c")
    assert cache.folder() == Path("/a/ops")
    monkeypatch.delenv("GAPS_CACHE")
    assert cache.folder() == Path("/b/gaps/ops")
    monkeypatch.delenv("XDG_CACHE_HOME")
    usual = ("Library/Caches/gaps" if sys.platform == "darwin" else ".cache/gaps") + "/ops"
    assert cache.folder() == Path("/c") / usual
    # The standard says to pass over a relative folder: else it would change with the current one.
    monkeypatch.setenv("XDG_CACHE_HOME", "d")
    assert cache.folder() == Path("/c") / usual


def test_without_a_home_folder_the_cache_must_be_named(monkeypatch):
    def nobody(uid):
        raise KeyError(uid)

    for variable in ("GAPS_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(BuildError, match="set GAPS_CACHE"):
        cache.folder()


# ---- compilers


def test_the_compiler_is_the_users_or_the_first_on_the_path(monkeypatch, tmp_path):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    fake_compilers.program(tmp_path / "clang++", "echo clang version 14")
    assert find_compiler() == Tool((f"{tmp_path}/clang++",), "clang version 14")
    fake_compilers.program(tmp_path / "c++", "echo c++ 12")
    assert find_compiler().command == (f"{tmp_path}/c++",)
    fake_compilers.program(tmp_path / "g++", "echo g++ 12")
    assert find_compiler().command == (f"{tmp_path}/g++",)
    fake_compilers.program(tmp_path / "ccache", 'echo "$@"')
    monkeypatch.setenv("CXX", "ccache clang++")
    assert find_compiler() == Tool((f"{tmp_path}/ccache", "clang++"), "clang++ --version")


def test_nvcc_is_looked_for_where_it_is_installed(monkeypatch, tmp_path):
    for variable in ("NVCC", "CUDA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    on_path = fake_compilers.nvcc(tmp_path / "path" / "nvcc")
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert find_nvcc() == Tool((str(on_path),), "release 13.0")
    in_home = fake_compilers.nvcc(tmp_path / "cuda" / "bin" / "nvcc")
    monkeypatch.setenv("CUDA_HOME", str(tmp_path / "cuda"))
    assert find_nvcc().command == (str(in_home),)
    chosen = fake_compilers.nvcc(tmp_path / "chosen" / "my-nvcc")
    monkeypatch.setenv("NVCC", str(chosen))
    assert find_nvcc().command == (str(chosen),)
    monkeypatch.setenv("NVCC", str(tmp_path / "nowhere"))
    with pytest.raises(BuildError, match=r"NVCC is '.*nowhere', which is no program"):
        find_nvcc()


# ---- the GPU part


@pytest.fixture
def gpu_sources(sources) -> Path:
    (sources / "kernel.cu").write_text("int gaps_kernel() { return 1; }\n")
    (sources / "gpu_ops.cc").write_text("int gaps_gpu_ops() { return 1; }\n")
    return sources


def test_a_failing_nvcc_leaves_a_library_for_the_cpu(compiler, gpu_sources, tmp_path):
    tool = fake_compilers.nvcc(tmp_path / "nvcc", body="echo 'k.cu(1): error: no idea'; exit 1")
    made = cache.build(Recipe(gpu_sources, find_compiler(), Tool((str(tool),), "13")))
    assert not made.cuda
    assert made.cuda_problem == "nvcc failed while compiling kernel.cu: k.cu(1): error: no idea"
    assert made.path.is_file()
    # It is remembered: the next process does not try again.
    assert cache.find(Recipe(gpu_sources, find_compiler(), Tool((str(tool),), "13")).key()) == made


def test_with_an_nvcc_the_gpu_sources_are_compiled_too(compiler, gpu_sources, tmp_path):
    # This nvcc knows some of the architectures, and hands C++ to the C++ compiler.
    body = (
        f'case "$*" in *-shared*) exec {fake_compilers.GXX} -shared -o "$6" "$7" "$8" "$9";; esac\n'
        'while [ "$1" != -c ]; do shift; done\n'
        f'exec {fake_compilers.GXX} -x c++ -fPIC "$@"'
    )
    tool = fake_compilers.nvcc(tmp_path / "nvcc", "sm_80 sm_90 sm_120", body)
    made = cache.build(Recipe(gpu_sources, find_compiler(), Tool((str(tool),), "13")))
    assert made.cuda
    assert made.cuda_problem is None
    kernel, link = fake_compilers.calls(tool)
    wanted = [word for word in kernel.split() if "gencode" in word]
    assert wanted == [
        "-gencode=arch=compute_80,code=sm_80",
        "-gencode=arch=compute_90,code=sm_90",
        "-gencode=arch=compute_90,code=compute_90",
    ]
    assert "-cudart static" in link
    assert "gpu_ops.cc.o" in link


def test_cuda_can_be_demanded(compiler, gpu_sources, tmp_path, monkeypatch):
    tool = fake_compilers.nvcc(tmp_path / "nvcc", body="echo 'error: no idea'; exit 1")
    monkeypatch.setenv("NVCC", str(tool))
    for _ in range(2):  # also when the library without is in the cache
        with pytest.raises(BuildError, match=r"GPU kernels cannot be built.*error: no idea"):
            obtain(gpu_sources, cuda="yes")
    monkeypatch.setenv("NVCC", "nowhere")
    with pytest.raises(BuildError, match="NVCC is 'nowhere'"):
        obtain(gpu_sources, cuda="yes")
    assert not obtain(gpu_sources, cuda="no").library.cuda


# ---- the command


@pytest.mark.long
def test_the_command_builds_the_real_sources():
    # Into the user's own cache, where the other tests' operations come from.
    command = [sys.executable, "-m", "training.native.build"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    told = dict(line.split(":", 1) for line in done.stdout.splitlines())
    assert list(told) == [
        "TensorFlow", "C++ compiler", "nvcc", "cache", "library", "size", "built", "kernels",
    ]  # fmt: skip
    assert told["TensorFlow"].strip().startswith(tf.__version__)
    module = tf.load_op_library(told["library"].strip())
    done = module.gaps_bias_act([], [[1.0, -2.0]], [0.5, 0.5], "lrelu", 0, 0.2, 2.0, 1, True)
    np.testing.assert_allclose(done.output, [[3.0, -0.6]], rtol=1e-6)


def test_the_command_says_what_it_found_and_why_not(monkeypatch, tmp_path, capsys):
    without_compiler(monkeypatch, tmp_path)
    monkeypatch.setenv("GAPS_CACHE", str(tmp_path))
    chosen = types.SimpleNamespace(FLAGS=types.SimpleNamespace(cuda="no", force=False))
    monkeypatch.setattr(build, "flags", chosen)
    with pytest.raises(InputError, match=r"cannot be built: there is no C\+\+ compiler"):
        build.build()
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"TensorFlow:   {tf.__version__}, built " + (
        "with CUDA" if tf.test.is_built_with_cuda() else "without CUDA"
    )
    assert told[1].startswith("C++ compiler: none: there is no C++ compiler")
    assert told[3] == f"cache:        {tmp_path}/ops"
