"""Processes for tests, forked from one that holds TensorFlow: they start in milliseconds."""

import itertools
import multiprocessing
import os
import runpy
import signal
import sys
from pathlib import Path

from data.records.conversion import Conversion
from data.records.options import ConvertOptions

_SERVER = multiprocessing.get_context("forkserver")
# Pillow first, as in this process: after TensorFlow it would take that one's zlib.
_SERVER.set_forkserver_preload(["PIL._imaging", "tensorflow"])


class Command:
    """`python -m module arguments`, its output kept in files.

    Args:
        folder: Where the files go.
        module: What is run.
        *arguments: Of the command line.
    """

    def __init__(self, folder: Path, module: str, *arguments: object):
        self._files = folder / "stdout", folder / "stderr"
        line = [module, *map(str, arguments)]
        self.process = _SERVER.Process(target=_run, args=(line, *map(str, self._files)))
        self.process.start()

    def wait(self) -> tuple[int, str, str]:
        """Exit code, stdout and stderr."""
        self.process.join()
        return self.process.exitcode, *(path.read_text() for path in self._files)


def _run(line: list[str], *files: str) -> None:
    for descriptor, path in enumerate(files, start=1):
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC), descriptor)
    sys.argv = line
    runpy.run_module(line[0], run_name="__main__", alter_sys=True)


def is_killed_at(step: int, options: ConvertOptions) -> bool:
    """Converts in a process that kills itself at a step; whether it came so far.

    A step is the opening, renaming or deleting of a file of the output, or a picture that is done.
    """
    process = _SERVER.Process(target=_convert_until, args=(step, options))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _convert_until(step: int, options: ConvertOptions) -> None:
    steps = itertools.count()

    def count():
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event, arguments):
        files = ("open", "os.rename", "os.remove")
        if event in files and options.output in str(arguments[0]):
            count()

    sys.addaudithook(hook)
    with Conversion(options) as conversion:
        conversion.run(count)
