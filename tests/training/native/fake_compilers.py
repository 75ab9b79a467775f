"""Compilers that count their calls, and compilers that fail, for sources that compile at once."""

import shlex
import shutil
from pathlib import Path

GXX = shutil.which("g++")

# A library without operations: TensorFlow loads it as it loads any.
SOURCE = 'extern "C" int gaps_stand_in() { return 1; }\n'


def program(path: Path, body: str) -> Path:
    """Writes a shell script that can be started."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def compiler(path: Path, body: str = f'exec {GXX} "$@"') -> Path:
    """A C++ compiler that tells g++'s version, logs every other call, and then does `body`."""
    log = shlex.quote(str(path.with_suffix(".log")))
    version = 'case "$*" in *--version*) echo "g++ 12.2.0"; exit 0;; esac'
    return program(path, f'{version}\necho "$@" >> {log}\n{body}')


def nvcc(path: Path, architectures: str = "sm_75 sm_90", body: str = "exit 1") -> Path:
    """An nvcc that says what it is and knows, logs every other call, and then does `body`."""
    log = shlex.quote(str(path.with_suffix(".log")))
    questions = (
        'case "$*" in\n'
        '*--version*) echo "nvcc: NVIDIA (R) Cuda compiler driver"; echo "release 13.0"; exit 0;;\n'
        f"*--list-gpu-code*) printf '%s\\n' {architectures}; exit 0;;\nesac"
    )
    return program(path, f'{questions}\necho "$@" >> {log}\n{body}')


def calls(path: Path) -> list[str]:
    """The calls that a compiler of this module logged."""
    log = path.with_suffix(".log")
    return log.read_text().splitlines() if log.exists() else []


def source_folder(folder: Path, text: str = SOURCE) -> Path:
    """A folder of one source."""
    folder.mkdir()
    (folder / "stand_in.cc").write_text(text)
    return folder
