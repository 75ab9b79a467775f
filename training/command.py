"""How a command line starts, fails and exits.

Exit codes: 0 done; 2 bad input (one line on stderr); 130 Ctrl-C; 143 SIGTERM; 1 a fault of ours
(with its traceback).
"""

import sys
from collections.abc import Callable, Sequence

from absl import app, flags

from data import InputError
from training.runtime import configure
from training.signals import Interrupted


def run(main: Callable[[], None]) -> None:
    """Parses the flags, sets TensorFlow up, calls `main()`, and exits with the right code."""
    app.run(lambda _: sys.exit(_exit_code(main)), flags_parser=_parse)


def _parse(arguments: Sequence[str]) -> list[str]:
    try:
        rest = flags.FLAGS(list(arguments))
    except flags.Error as error:
        _fail(" ".join(str(error).split()))
    if flags.FLAGS["help"].value or flags.FLAGS["helpfull"].value:
        return rest
    if len(rest) > 1:
        _fail(f"unexpected argument '{rest[1]}'; flags are written --name=value")
    return rest


def _exit_code(main: Callable[[], None]) -> int:
    try:
        configure()
        main()
    except InputError as error:
        _fail(str(error))
    except Interrupted as stopped:
        print(f"{stopped}; the same command resumes", file=sys.stderr)
        return stopped.exit_code
    except KeyboardInterrupt:
        print("stopped; the same command resumes", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    return 0


def _fail(line: str) -> None:
    print(f"error: {line}", file=sys.stderr)
    sys.exit(2)
