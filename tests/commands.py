"""Commands in processes of their own that are there at once.

Python takes seconds to import TensorFlow and Keras. Here one process imports them, once for all
tests, and is forked for each command: multiprocessing's fork server. A command finds what it finds
when Python starts it, except for those two modules. What is about starting (the time it takes, what
is imported, an early Ctrl-C) is tested with Python itself.
"""

import atexit
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FORKS = multiprocessing.get_context("forkserver")
# Pillow first, as in this process: after TensorFlow it would take that one's zlib.
FORKS.set_forkserver_preload(["PIL._imaging", "tensorflow", "keras"])


class Process:
    """A command that runs; it has what tests need of subprocess.Popen.

    Attributes:
        args: its arguments.
        pid: its number.
    """

    def __init__(self, arguments: list[str], environment: dict[str, str], folder: Path):
        self.args = arguments
        # They go with this object.
        self._files = [tempfile.NamedTemporaryFile() for _ in range(2)]  # noqa: SIM115
        names = [file.name for file in self._files]
        self._process = FORKS.Process(target=_run, args=(arguments, environment, folder, names))
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote to stdout and to stderr, once it has ended."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout, *self.said())
        return self.said()

    def said(self) -> tuple[str, str]:
        """What it wrote so far."""
        out, err = (Path(file.name).read_text(errors="surrogateescape") for file in self._files)
        return out, err

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


def start(*arguments: object, folder: Path = ROOT, **environment: str) -> Process:
    """Starts `python ARGUMENTS`: `-m` and a module, or a script, and what follows."""
    return Process([str(each) for each in arguments], environment, folder)


def run(*arguments: object, timeout: float = 300, **where) -> subprocess.CompletedProcess:
    """The same, to its end: exit code, stdout and stderr."""
    process = start(*arguments, **where)
    try:
        said = process.communicate(timeout)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, *said)


def _run(arguments: list[str], environment: dict[str, str], folder: Path, files: list[str]) -> None:
    """`python ARGUMENTS`, in the forked process."""
    for descriptor, path in enumerate(files, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), descriptor)
    os.environ.update(environment)
    os.chdir(folder)
    is_module = arguments[0] == "-m"
    sys.argv = arguments[is_module:]
    sys.path.insert(0, str(folder) if is_module else str(Path(arguments[0]).parent))
    try:
        if is_module:
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(arguments[0], run_name="__main__")
    finally:
        atexit._run_exitfuncs()
