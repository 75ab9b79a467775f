"""A conversion that is killed at any of its steps."""

import itertools
import os
import signal
import sys

from commands import FORKS

from gan_knowledge_gaps.data.records.conversion import Conversion
from gan_knowledge_gaps.data.records.options import ConvertOptions


def is_killed_at(step: int, options: ConvertOptions) -> bool:
    """Converts in a process that kills itself at a step; whether it came so far.

    A step is the opening, renaming or deleting of a file of the output, or a picture that is done.
    """
    process = FORKS.Process(target=_convert_until, args=(step, options))
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
