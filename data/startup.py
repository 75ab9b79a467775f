"""Ctrl-C while a command is still starting: one line and no traceback, as later."""

import sys


def end_quietly_on_ctrl_c() -> None:
    """Makes an early Ctrl-C end a command of `python -m` with one line and the code 130.

    Importing TensorFlow takes seconds, in which no handler is set yet. Does nothing in a program
    that only imports the project.
    """
    if sys.argv[:1] != ["-m"]:  # its value while Python imports a command's packages
        return
    shown = sys.excepthook

    def hook(kind, error, trace) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            shown(kind, error, trace)
            return
        print("stopped", file=sys.stderr)
        sys.exit(130)

    sys.excepthook = hook
