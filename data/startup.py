"""Ctrl-C while a command is still starting: one line, as at any later time."""

import sys


def end_quietly_on_ctrl_c() -> None:
    """Has `python -m` of a command end with one line and the code 130 on an early Ctrl-C.

    Importing TensorFlow takes seconds, in which nobody catches it yet. Does nothing in a program
    that only imports the project.
    """
    if sys.argv[:1] != ["-m"]:  # What it is while Python imports the packages of what it will run
        return
    shown = sys.excepthook

    def hook(kind, error, trace) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            shown(kind, error, trace)
            return
        print("stopped", file=sys.stderr)
        sys.exit(130)

    sys.excepthook = hook
