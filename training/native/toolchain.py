"""Finding the compilers, and running them."""

import dataclasses
import os
import shlex
import shutil
import signal
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from gan_knowledge_gaps.training.native.errors import BuildError

# In seconds; a compiler that takes longer hangs.
_PATIENCE = 900
_PATIENCE_FOR_A_QUESTION = 60


@dataclasses.dataclass(frozen=True)
class Tool:
    """A compiler: the words that call it, and what it says that it is."""

    command: tuple[str, ...]
    version: str

    def __str__(self) -> str:
        return f"{shlex.join(self.command)} ({self.version})"


def find_compiler() -> Tool:
    """The C++ compiler: $CXX, or the first of g++, c++ and clang++ on the PATH.

    Raises:
        BuildError: there is none, or it cannot even say its version.
    """
    chosen = os.environ.get("CXX")
    if chosen:
        return _identify(_resolve(shlex.split(chosen), "CXX"))
    for name in ("g++", "c++", "clang++"):
        if path := shutil.which(name):
            return _identify((path,))
    raise BuildError(
        "there is no C++ compiler: neither g++ nor c++ nor clang++ is on the PATH; install one "
        "(Debian: apt install g++) or set CXX"
    )


def find_nvcc() -> Tool | None:
    """CUDA's compiler, or None: $NVCC, $CUDA_HOME, the PATH, /usr/local/cuda, pip's packages.

    Raises:
        BuildError: $NVCC is not there, or nvcc cannot even say its version.
    """
    chosen = os.environ.get("NVCC")
    if chosen:
        return _identify(_resolve(shlex.split(chosen), "NVCC"))
    folders = [Path("/usr/local/cuda/bin")]
    packages = Path(sysconfig.get_paths()["purelib"]) / "nvidia"
    folders += sorted((each / "bin" for each in packages.glob("cu1[3-9]*")), reverse=True)
    home = os.environ.get("CUDA_HOME")
    found = [shutil.which("nvcc", path=Path(home) / "bin")] if home else []
    found += [shutil.which("nvcc"), *(shutil.which("nvcc", path=each) for each in folders)]
    path = next(filter(None, found), None)
    return _identify((path,)) if path else None


def ask(command: Sequence[str], doing: str) -> str:
    """As `run`, for what a compiler answers at once."""
    return run(command, doing, _PATIENCE_FOR_A_QUESTION)


def run(command: Sequence[str], doing: str, patience: float = _PATIENCE) -> str:
    """Runs a compiler and returns what it printed.

    Args:
        command: the words of the command line.
        doing: what the command is for, as in "g++ failed while <doing>".
        patience: how many seconds it may take.

    Raises:
        BuildError: it cannot be started, fails, crashes or hangs. The message has the first line
            of its output that speaks of an error.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=patience,
            env={**os.environ, "LC_ALL": "C"},  # "error" in English
        )
    except OSError as error:
        raise BuildError(f"{command[0]} cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise BuildError(f"{name} did not end within {patience} s while {doing}") from None
    if done.returncode != 0:
        raise BuildError(f"{name} failed while {doing}: {_reason(done)}")
    return done.stdout


def _resolve(words: list[str], variable: str) -> tuple[str, ...]:
    path = shutil.which(words[0]) if words else None
    if path is None:
        raise BuildError(f"{variable} is '{os.environ[variable]}', which is no program")
    return (path, *words[1:])


def _identify(command: tuple[str, ...]) -> Tool:
    lines = ask([*command, "--version"], "asked for its version").strip().splitlines()
    release = [line for line in lines if "release" in line]  # nvcc has it on a later line
    return Tool(command, (release or lines or ["no version"])[0].strip()[:100])


def _reason(done: subprocess.CompletedProcess) -> str:
    if done.returncode < 0:
        return f"killed by {signal.Signals(-done.returncode).name}"
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines[-1:] or [f"exit code {done.returncode}"])[0][:300]
