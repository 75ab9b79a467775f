"""What a check found, and what to do about it."""

import dataclasses
from collections.abc import Callable, Iterable

OK, WARNING, PROBLEM = "ok", "warning", "problem"


@dataclasses.dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: what was looked at.
        status: "ok"; "warning": trainings run, but not as well as they might; "problem": they fail,
            or their results are not to be trusted.
        found: what was found, in one line.
        advice: what to do about it, in one line; empty where all is well.
    """

    check: str
    status: str
    found: str
    advice: str = ""

    def __post_init__(self):
        if self.status not in (OK, WARNING, PROBLEM):
            raise ValueError(f"status is '{self.status}'")
        if bool(self.advice) != (self.status != OK):
            raise ValueError(f"'{self.check}' needs advice if, and only if, it is not ok")


def ok(check: str, found: str) -> Finding:
    """All is well."""
    return Finding(check, OK, found)


def warning(check: str, found: str, advice: str) -> Finding:
    """Trainings run, but not as well as they might."""
    return Finding(check, WARNING, found, advice)


def problem(check: str, found: str, advice: str) -> Finding:
    """Trainings fail, or their results are not to be trusted."""
    return Finding(check, PROBLEM, found, advice)


def guarded(check: str, examine: Callable[[], Finding | Iterable[Finding]]) -> list[Finding]:
    """What a check finds; a fault in the check itself is a finding, too."""
    try:
        found = examine()
        return [found] if isinstance(found, Finding) else list(found)
    except Exception as error:  # whatever it is, the other checks go on
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return [
            warning(
                check,
                f"could not be checked ({reason})",
                "report this line as a fault of the doctor; trainings may well work",
            )
        ]
