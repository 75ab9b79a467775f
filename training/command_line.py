"""How this program was started."""

import shlex
import sys


def command_line() -> str:
    """The command that started this program, as one would type it."""
    return shlex.join(["python", *program(), *sys.argv[1:]])


def program() -> list[str]:
    """What Python was asked to run, as its arguments: `-m` and a module, or a file."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return ["-m", spec.name.removesuffix(".__main__")] if spec else [sys.argv[0]]
