"""The CUDA sources compile, their library loads without a GPU, and the kernels are right.

Without a GPU, the kernels run on the CPU, through `cuda_on_cpu/`: all but timing and races.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import fake_compilers
import pytest

from gan_knowledge_gaps.training.native.errors import BuildError
from gan_knowledge_gaps.training.native.recipe import KERNELS
from gan_knowledge_gaps.training.native.toolchain import find_nvcc

HERE = Path(__file__).parent
PROGRAM = [HERE / "gpu_test.cu", KERNELS / "upfirdn_2d.cu", KERNELS / "fused_bias_act.cu"]


@pytest.fixture
def nvcc() -> str:
    try:
        found = find_nvcc()
    except BuildError as error:
        pytest.skip(str(error))
    if found is None:
        pytest.skip("there is no nvcc")
    return found.command[0]


def call(*command: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def on_cpu(tmp_path_factory) -> Path:
    """The test program, with threads of a CPU in the place of a GPU's."""
    if fake_compilers.GXX is None:
        pytest.skip("there is no g++")
    folder = tmp_path_factory.mktemp("on_cpu")
    # An access that is not aligned to its width is an error on a GPU.
    flags = ["-std=c++17", "-O1", "-Wno-unknown-pragmas", "-I", HERE / "cuda_on_cpu"]
    flags += ["-I", KERNELS, "-fsanitize=alignment", "-fno-sanitize-recover=all"]
    compilers = [
        subprocess.Popen(
            [fake_compilers.GXX, *flags, "-x", "c++", "-c", file, "-o", folder / f"{file.name}.o"]
        )
        for file in PROGRAM
    ]
    assert [each.wait(300) for each in compilers] == [0, 0, 0]
    objects = sorted(folder.glob("*.o"))
    done = call(fake_compilers.GXX, "-fsanitize=alignment", *objects, "-o", folder / "gpu_test")
    assert done.returncode == 0, done.stderr
    return folder / "gpu_test"


def test_the_kernels_compute_what_they_should_on_a_cpu(on_cpu):
    done = call(on_cpu, "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    checks, failed = done.stdout.splitlines()[-1].split(" checks, ")
    assert int(checks) > 1000
    assert failed == "0 failed"


def test_the_test_program_compiles(nvcc, tmp_path):
    flags = ("-std=c++17", "-arch=sm_75", "-Werror=all-warnings", "-I", KERNELS, "-c")
    done = call(nvcc, *flags, PROGRAM[0], "-o", tmp_path / "program.o")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("nvidia-smi") is None, reason="there is no GPU")
def test_the_kernels_compute_what_they_should_on_a_gpu(nvcc, tmp_path):
    program = tmp_path / "gpu_test"
    flags = ("-O3", "-std=c++17", "-arch=native", "-I", KERNELS)
    built = call(nvcc, *flags, "-o", program, *PROGRAM)
    assert built.returncode == 0, built.stdout + built.stderr
    done = call(program, "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(" 0 failed\n")


LOAD = """
import ctypes, sys
from pathlib import Path
import tensorflow as tf
from tensorflow.python.framework import kernels
from gan_knowledge_gaps.training.native import library, recipe

recipe._ARCHITECTURES = (90,)  # and unoptimised: this is about the parts fitting together
recipe._FLAGS = ("-O0", "-DNDEBUG", "-fPIC")
recipe._GPU_FLAGS = ("-O0", "-G", "-std=c++17", "-Xcompiler", "-fPIC")
loaded = library.obtain(Path(sys.argv[1]), cuda="yes")
assert loaded.library.cuda
for operation in ("GapsUpfirdn2D", "GapsBiasAct"):
    found = kernels.get_registered_kernels_for_op(operation).kernel
    types = {tf.as_dtype(each.constraint[0].allowed_values.list.type[0]).name for each in found}
    print(operation, {each.device_type for each in found}, sorted(types))
ask = ctypes.CDLL(str(loaded.library.path)).gaps_gpu_problem
ask.restype = ctypes.c_char_p
print(bool(tf.config.list_physical_devices("GPU")), ask())
"""


@pytest.mark.long
def test_the_library_with_gpu_kernels_loads_without_a_gpu(nvcc, tmp_path):
    # Without the CPU's kernels, which other tests build.
    sources = fake_compilers.source_folder(tmp_path / "sources")
    for pattern in ("*.h", "*.cuh", "*.cu", "gpu_ops.cc"):
        for file in KERNELS.glob(pattern):
            (sources / file.name).write_bytes(file.read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", LOAD, sources],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "GAPS_CACHE": str(tmp_path / "cache")},
    )
    assert done.returncode == 0, done.stderr
    *operations, answer = done.stdout.splitlines()
    assert operations == [
        "GapsUpfirdn2D {'GPU'} ['bfloat16', 'float16', 'float32']",
        "GapsBiasAct {'GPU'} ['bfloat16', 'float16', 'float32']",
    ]
    has_gpu, problem = answer.split(" ", 1)
    assert (problem == "None") == (has_gpu == "True")
