"""The doctor's command line."""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from data import write_json
from training.doctor.examination import examine
from training.doctor.finding import PROBLEM
from training.doctor.listing import lines, summary, to_json

_SIGPIPE = 13  # Windows has no signal.SIGPIPE


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line and exit code 2, as for every command of this project."""
        print(f"error: {message}", file=sys.stderr)
        sys.exit(2)


def main(arguments: list[str] | None = None) -> int:
    """Examines this machine as the flags say; returns the exit code.

    The shared command line (`training.command`) sets TensorFlow up before all else, which here is
    what is to be checked.
    """
    sys.stdout.reconfigure(errors="backslashreplace")  # of file names, as training.command does
    options = _parse(arguments)
    # As Ctrl-C does, a stop removes what lies in the workdir and ends the children.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    findings = []
    try:
        for finding in examine(Path(options.workdir), options.data):
            findings.append(finding)
            print("\n".join(lines(finding)), flush=True)
        if options.json:
            write_json(options.json, to_json(findings))
        print(f"\n{summary(findings)}", flush=True)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:  # nobody reads the output any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + _SIGPIPE
    return int(any(finding.status == PROBLEM for finding in findings))


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog="python -m training.doctor", description="Checks this machine.", allow_abbrev=False
    )
    parser.add_argument("--workdir", default="runs", help="where results will lie [runs]")
    parser.add_argument("--data", help="folder or zip of images, or folder of records, to check")
    parser.add_argument("--json", help="file for the findings as JSON")
    options = parser.parse_args(arguments)
    if options.json is not None:
        _check_writable(parser, Path(options.json))
    return options


def _check_writable(parser: _Parser, path: Path) -> None:
    """Tells of a file that cannot be written before all the work, and not after it."""
    if path.is_dir():
        parser.error(f"--json={path} is a folder; give a file")
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        parser.error(f"--json={path} cannot be written: {error.strerror}")
