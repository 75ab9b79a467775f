"""How a process exits, alone or as one of several workers."""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn, cast

from gan_knowledge_gaps.training import cluster

WORKER_LOST = 75  # "try again", in the list of exit codes that sysexits.h began


def exit_with(command: Callable[[], int]) -> NoReturn:
    """Runs a command, and exits with the code that it returns or raises.

    One of several workers exits without TensorFlow's shutdown, which waits for the others, at
    times for ever. The loss of another worker is one line, and the code WORKER_LOST.
    """
    if not cluster.is_set():
        sys.exit(command())
    try:
        code = command()
    except SystemExit as exited:
        code = cast(int, exited.code)
    except KeyboardInterrupt:  # a second one, while the command reported the first
        code = 130
    except BaseException as error:  # of any kind: none may reach the shutdown
        code = _report_failure(error)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


def _report_failure(error: BaseException) -> int:
    """Prints what happened, and returns the exit code."""
    if "tensorflow" in sys.modules:
        from gan_knowledge_gaps.training.workers import (
            is_loss,  # Here, because it imports TensorFlow.
        )

        if is_loss(error):
            line = "error: another worker has ended or cannot be reached, its own output says why; "
            print(line + "the same command, in all workers, resumes", file=sys.stderr)
            return WORKER_LOST
    traceback.print_exception(error)
    return 1
