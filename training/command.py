"""How a command line starts, fails and exits.

Exit codes: 0 done, or help shown; 2 bad input (one line on stderr); 130 Ctrl-C; 143 SIGTERM; 141
the output's reader has gone; 75 another of several workers is lost; 1 a fault of ours (with its
traceback).
"""

import importlib.metadata
import io
import itertools
import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import TextIO, cast

from absl import app, flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.errors import printable
from gan_knowledge_gaps.data.trouble import FULL, trouble
from gan_knowledge_gaps.training.exiting import exit_with
from gan_knowledge_gaps.training.flag_help import help_text
from gan_knowledge_gaps.training.runtime import configure_on_import
from gan_knowledge_gaps.training.signals import Interrupted

PACKAGE = "gan-knowledge-gaps"
_ANSWERS = {"--help", "-help", "-h", "-?", "--helpshort", "--helpfull", "--version"}
_SIGPIPE = 13  # Windows has no signal.SIGPIPE


def run(main: Callable[..., None], positional: bool = False, resumes: bool = True) -> None:
    """Parses the flags, calls `main()`, and exits with the right code.

    `--help` and what can be told of wrong flags come before TensorFlow is imported: by `main`, when
    its work begins. It is set up by `training.runtime.configure` then.

    Args:
        main: the command.
        positional: whether there may be arguments that are no flags, before and behind them;
            `main` is then called with the list of them. All that follows `--` is one of them.
        resumes: whether the same command goes on where Ctrl-C stopped it.
    """
    if not positional:
        app.run(lambda _: exit_with(lambda: _exit_code(main, resumes)), flags_parser=_parse)
    flags.FLAGS.set_gnu_getopt(True)
    app.run(
        lambda arguments: exit_with(lambda: _exit_code(lambda: main(arguments[1:]), resumes)),
        flags_parser=_parse_flags,
    )


def _parse(arguments: Sequence[str]) -> list[str]:
    rest = _parse_flags(arguments)
    if len(rest) > 1:
        _fail(f"unexpected argument '{rest[1]}'; flags are written --name=value")
    return rest


def _parse_flags(arguments: Sequence[str]) -> list[str]:
    asked = _ANSWERS & set(itertools.takewhile(lambda each: each != "--", arguments[1:]))
    if asked:
        _answer(asked)
    try:
        rest = flags.FLAGS(list(arguments))
    except flags.Error as error:
        _fail(" ".join(str(error).split()))
    for name, value in flags.FLAGS.flag_values_dict().items():
        _check_number(name, value)
    return rest


def _answer(asked: set[str]) -> None:
    """Prints what is asked for instead of the command's work, and exits."""
    try:
        if asked == {"--version"}:
            print(f"{PACKAGE} {_version()}")
        else:
            print(help_text(sys.modules["__main__"].__doc__ or "", "--helpfull" in asked))
    except BrokenPipeError:
        pass  # `_flushed` meets it again
    sys.exit(_flushed())


def _version() -> str:
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return "of a checkout that is not installed"


def _check_number(name: str, value: object) -> None:
    """What absl's bounds let through: NaN, which no comparison finds, infinity, and integers that
    no array can count.
    """
    if isinstance(value, float) and not math.isfinite(value):
        _fail(f"--{name} is {value}; it must be a finite number")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        _fail(f"--{name} is {str(value)[:20]}...; it must be within 64 bits")


def _exit_code(main: Callable[[], None], resumes: bool) -> int:
    try:
        # Of file names, what the terminal's encoding does not have is escaped.
        cast(io.TextIOWrapper, sys.stdout).reconfigure(errors="backslashreplace")
        configure_on_import()
        main()
        sys.stdout.flush()
    except InputError as error:
        _fail(str(error))
    except Interrupted as stopped:
        print(f"{stopped}; the same command resumes", file=sys.stderr)
        return stopped.exit_code
    except KeyboardInterrupt:
        again = "resumes" if resumes else "starts again"
        print(f"stopped; the same command {again}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _discard(sys.stdout, sys.stderr)
        return 128 + _SIGPIPE
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        _fail(f"TensorFlow is not installed: pip install '{PACKAGE}[cpu]', or [gpu]")
    except Exception as error:
        number = trouble(error)
        if number is None:
            raise
        _discard(sys.stdout)
        _fail(_words(error, number))
    return 0


def _flushed() -> int:
    """Exit code of a command that has printed all it had to."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout, sys.stderr)
        return 128 + _SIGPIPE
    return 0


def _words(error: BaseException, number: int) -> str:
    """What the disk refuses, in a line; writers that say more raise an InputError themselves."""
    reason = os.strerror(number)
    if name := getattr(error, "filename", None):
        return f"{name} cannot be used: {reason}"
    if type(error) is OSError and number in FULL:  # writers of files go through `data.writing`
        return f"what the command prints cannot be written: {reason}; send it elsewhere"
    return f"a file cannot be used: {reason} ({' '.join(str(error).split())[-150:]})"


def _discard(*streams: TextIO) -> None:
    """Python flushes them once more when it exits, and would complain again."""
    for stream in streams:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _fail(line: str) -> None:
    print(f"error: {printable(line)}", file=sys.stderr)
    sys.exit(2)
