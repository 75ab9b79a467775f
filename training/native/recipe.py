"""What the library of custom ops is made of, and how it is made."""

import dataclasses
import hashlib
import os
import platform
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tensorflow as tf

from gan_knowledge_gaps.training.native.errors import BuildError
from gan_knowledge_gaps.training.native.toolchain import Tool, ask, run

KERNELS = Path(__file__).parent / "kernels"

_SUFFIXES = (".cc", ".cu", ".cuh", ".h")
# NDEBUG as in TensorFlow's own wheels, whose headers' checks it leaves out. Without errno, loops of
# square roots vectorise; without traps, loops that multiply on one side of a branch.
_FLAGS = ("-O3", "-DNDEBUG", "-fPIC", "-fno-math-errno", "-fno-trapping-math")
_GPU_FLAGS = ("-O3", "-std=c++17", "-Xcompiler", "-fPIC")
_ARCHITECTURES = (75, 80, 86, 89, 90)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that the library's bits depend on.

    Sources named `gpu_*.cc` and `*.cu` are compiled where there is an nvcc.
    """

    sources: Path
    compiler: Tool
    nvcc: Tool | None = None

    def key(self) -> str:
        """Changes with all that may change the library."""
        tools = [repr(self.compiler), repr(self.nvcc), *_GPU_FLAGS, repr(_ARCHITECTURES)]
        return f"{target_key(self.sources)}-{_hash(tools)}"

    def build(self, folder: Path) -> tuple[Path, str | None]:
        """Compiles and links in an empty folder.

        Returns:
            The library, and why it is without GPU kernels though the recipe has an nvcc, or None.

        Raises:
            BuildError: it cannot be built, even without GPU kernels.
        """
        plain = [each for each in self._files("*.cc") if not each.name.startswith("gpu_")]
        if self.nvcc is None:
            return self._link(self._compile(plain, folder), folder), None
        try:
            return self._link(self._compile([*plain, *self._gpu_files()], folder), folder), None
        except BuildError as error:
            return self._without_gpu().build(folder)[0], str(error)

    def _without_gpu(self) -> "Recipe":
        return dataclasses.replace(self, nvcc=None)

    def _files(self, pattern: str) -> list[Path]:
        return sorted(self.sources.glob(pattern))

    def _gpu_files(self) -> list[Path]:
        return [*self._files("gpu_*.cc"), *self._files("*.cu")]

    def _compile(self, files: list[Path], folder: Path) -> list[Path]:
        """The object files; several are compiled at a time."""
        if not files:
            raise BuildError(f"there are no sources in {self.sources}")
        # A file of TensorFlow's headers takes about 1 GB.
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            return list(pool.map(lambda file: self._compile_one(file, folder), files))

    def _compile_one(self, file: Path, folder: Path) -> Path:
        output = folder / f"{file.name}.o"
        if file.suffix == ".cu":
            command = [*self._nvcc_command(), *_GPU_FLAGS, *_generated_code(self._nvcc())]
        else:
            command = [*self.compiler.command, *_FLAGS, *_tensorflow_flags()]
        run([*command, "-c", str(file), "-o", str(output)], f"compiling {file.name}")
        return _written(output, command)

    def _link(self, objects: list[Path], folder: Path) -> Path:
        output = folder / "library.so"
        if any(each.name.endswith(".cu.o") for each in objects):
            command = [*self._nvcc_command(), "-shared", "-cudart", "static"]
        else:
            command = [*self.compiler.command, "-shared"]
        command += ["-o", str(output), *map(str, objects), *_link_flags()]
        run(command, "linking")
        return _written(output, command)

    def _nvcc(self) -> Tool:
        assert self.nvcc is not None  # where sources for GPUs are compiled
        return self.nvcc

    def _nvcc_command(self) -> list[str]:
        # nvcc refuses host compilers that are newer than itself, most of which work.
        host = ["-ccbin", self.compiler.command[0]] if len(self.compiler.command) == 1 else []
        return [*self._nvcc().command, "-allow-unsupported-compiler", *host]


def target_key(sources: Path) -> str:
    """Changes with what a library must fit: the sources, TensorFlow and the machine.

    A library of this key, made by any compiler, will do where there is no compiler.
    """
    files = [each for each in sorted(sources.glob("*")) if each.suffix in _SUFFIXES]
    contents = [word for each in files for word in (each.name, each.read_bytes())]
    target = [tf.__version__, tf.version.GIT_VERSION, platform.system(), platform.machine()]
    return _hash([*target, *_FLAGS, *_tensorflow_flags(), *_link_flags(), *contents])


def _tensorflow_flags() -> list[str]:
    """TensorFlow's flags; warnings about its headers, which are not ours to fix, are off."""
    flags = tf.sysconfig.get_compile_flags()
    return [f"-isystem{each[2:]}" if each.startswith("-I") else each for each in flags]


def _link_flags() -> list[str]:
    flags = tf.sysconfig.get_link_flags()
    # There the linker wants to know every symbol, and TensorFlow names one of its two libraries.
    return [*flags, "-Wl,-undefined,dynamic_lookup"] if sys.platform == "darwin" else flags


def _generated_code(nvcc: Tool) -> list[str]:
    """Machine code of those architectures that this nvcc knows, and PTX for the GPUs to come."""
    known = ask([*nvcc.command, "--list-gpu-code"], "asked for its architectures").split()
    architectures = [each for each in _ARCHITECTURES if f"sm_{each}" in known]
    if not architectures:
        raise BuildError(f"{nvcc} knows none of the architectures sm_75 to sm_90")
    newest = architectures[-1]
    flags = [f"-gencode=arch=compute_{each},code=sm_{each}" for each in architectures]
    return [*flags, f"-gencode=arch=compute_{newest},code=compute_{newest}"]


def _written(output: Path, command: list[str]) -> Path:
    if not output.is_file() or output.stat().st_size == 0:
        raise BuildError(f"{Path(command[0]).name} reported success, but wrote no {output.name}")
    return output


def _hash(words: Iterable[str | bytes]) -> str:
    digest = hashlib.sha256()
    for word in words:
        data = word if isinstance(word, bytes) else word.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]
