"""Every command by its name, in any folder: `gaps classifiers.detect --help`."""

import difflib
import runpy
import sys

from gan_knowledge_gaps.data.errors import printable
from gan_knowledge_gaps.training.command_list import all_commands, is_command, listed

USAGE = "gaps COMMAND [FLAGS] runs one of these commands; each has --help:"


def main() -> None:
    """Runs the command that is named first, with the rest as its arguments, or lists them all."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("--help", "-h"):
        print(f"{USAGE}\n\n{listed(all_commands(), 'gaps')}")
        return
    if not is_command(name):
        similar = difflib.get_close_matches(name, all_commands(), n=1)
        hint = f"did you mean {similar[0]}?" if similar else "gaps alone lists all"
        _end(f"error: '{printable(name)[:80]}' is no command; {hint}", 2)
    sys.argv = sys.argv[1:]
    try:
        runpy.run_module(f"gan_knowledge_gaps.{name}", run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:  # while it starts; later a command tells what becomes of its work
        _end("stopped", 130)


def _end(line: str, code: int) -> None:
    print(line, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
