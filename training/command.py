"""How a command line starts, fails and exits.

Exit codes: 0 done; 2 bad input (one line on stderr); 130 Ctrl-C; 143 SIGTERM; 141 nobody reads the
output any more; 75 another of several workers is lost; 1 a fault of ours (with its traceback), or
absl's help.
"""

import errno
import os
import sys
from collections.abc import Callable, Sequence

from absl import app, flags

from data import InputError
from data.errors import printable
from training.leaving import leave
from training.runtime import configure
from training.signals import Interrupted

_SIGPIPE = 13  # Windows has no signal.SIGPIPE
# What the user's machine refuses; any other error of a file is a fault of ours.
_FILE_TROUBLE = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR,
    errno.ENAMETOOLONG,
}  # fmt: skip


def run(main: Callable[..., None], positional: bool = False, resumes: bool = True) -> None:
    """Parses the flags, sets TensorFlow up, calls `main()`, and exits with the right code.

    Args:
        main: the command.
        positional: whether there may be arguments that are no flags, before and behind them;
            `main` is then called with the list of them. All that follows `--` is one of them.
        resumes: whether the same command goes on where Ctrl-C stopped it.
    """
    _list_flags_in_help()
    if not positional:
        app.run(lambda _: leave(lambda: _exit_code(main, resumes)), flags_parser=_parse)
    flags.FLAGS.set_gnu_getopt(True)
    app.run(
        lambda arguments: leave(lambda: _exit_code(lambda: main(arguments[1:]), resumes)),
        flags_parser=_parse_flags,
    )


def _list_flags_in_help() -> None:
    """Has `--help` list our flags: by itself it lists those that the script's own file defines."""
    for module, defined in flags.FLAGS.flags_by_module_dict().items():
        if module.partition(".")[0] not in ("absl", "tensorflow"):
            for flag in defined:
                flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)


def _parse(arguments: Sequence[str]) -> list[str]:
    rest = _parse_flags(arguments)
    if len(rest) > 1:
        _fail(f"unexpected argument '{rest[1]}'; flags are written --name=value")
    return rest


def _parse_flags(arguments: Sequence[str]) -> list[str]:
    try:
        return flags.FLAGS(list(arguments))
    except flags.Error as error:
        _fail(" ".join(str(error).split()))


def _exit_code(main: Callable[[], None], resumes: bool) -> int:
    try:
        # Of file names, what the terminal's encoding does not have is escaped.
        sys.stdout.reconfigure(errors="backslashreplace")
        configure()
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
    except OSError as error:
        if error.errno in _FILE_TROUBLE:
            _fail(f"{error.filename or 'a file'} cannot be used: {error.strerror}")
        if not isinstance(error, BrokenPipeError):
            raise
        # Python flushes both once more when it exits, and would complain again.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return 128 + _SIGPIPE
    return 0


def _fail(line: str) -> None:
    print(f"error: {printable(line)}", file=sys.stderr)
    sys.exit(2)
