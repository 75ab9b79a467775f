"""Checks this machine, and says what to do about each finding.

    python -m training.doctor
    python -m training.doctor --workdir=/scratch/me/runs --data=faces.zip --json=doctor.json

Takes about half a minute; the first time, a minute or two more for building StyleGAN2's operations.

Exit codes: 0 no problem, though there may be warnings; 1 a problem; 2 wrong flags.
"""

import sys


def _start() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - which cannot even import what follows
        print(f"PROBLEM  Python {sys.version.split()[0]} is too old: install 3.11, 3.12 or 3.13")
        return 1
    try:
        from gan_knowledge_gaps.training.doctor.command_line import main
    except ModuleNotFoundError as error:
        print(f"PROBLEM  the package {error.name} is missing: pip install -e '.[cpu]' or '.[gpu]'")
        return 1
    main()
    return 0


if __name__ == "__main__":
    sys.exit(_start())
