"""Groups of related pictures: of one person, one source, one video. A split keeps them together.

A rule is "folder", the path of a .csv file, or a regular expression with a (group) in it.
"""

import collections
import csv
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gan_knowledge_gaps.data.errors import InputError, brief

FOLDER, CSV = "folder", ".csv"
HELP = (
    "Keep related images on one side of the split. folder: those of one sub-folder; FILE.csv: rows "
    "of a picture's path and its group; else a regular expression on the path, with a (group)."
)


def check_rule(rule: str | None) -> None:
    """Raises InputError unless a rule is None, or can be one."""
    if rule is None or rule == FOLDER:
        return
    if rule.lower().endswith(CSV):
        _read_csv(rule)
    else:
        _compiled(rule)


def recorded(rule: str | None) -> str | None:
    """A rule as a run records it: a file by its whole path."""
    if rule is None or not rule.lower().endswith(CSV):
        return rule
    return str(Path(rule).absolute())


def groups_of(paths: Sequence[str], rule: str, where: str) -> np.ndarray:
    """The group of each picture. A picture of which the rule says nothing is a group of its own.

    Args:
        paths: Relative paths with forward slashes.
        rule: "folder": the first folder in which the paths differ. A .csv file: rows of a path and
            a group; a path may begin with the name of the folder or zip file, to tell apart several
            sets. Else a regular expression, searched in the path: what its (groups) match.
        where: Path of the folder or zip file.

    Returns:
        str [len(paths)].

    Raises:
        InputError: The rule is none, its file cannot be read, or it finds no group at all.
    """
    if rule == FOLDER:
        find = _by_folder(paths)
    elif rule.lower().endswith(CSV):
        find = _by_csv(rule, where)
    else:
        find = _by_pattern(rule)
    found = [find(path) for path in paths]
    if rule != FOLDER and not any(found):
        raise InputError(
            f"--groups={rule} finds no group for any picture of {where}, such as "
            f"{brief(paths[0])}: give a rule that fits each set"
        )
    return np.array([group or path for group, path in zip(found, paths, strict=True)])


def describe_groups(groups: np.ndarray, train: np.ndarray) -> str:
    """Counts groups and images on both sides: "50 groups: 41 train (1,230 images), 9 ...".

    Args:
        groups: str [N].
        train: Integers, which of the N images train.
    """
    names = len(set(groups.tolist()))
    training = len(set(groups[train].tolist()))
    return (
        f"{names:,} groups: {training:,} train ({len(train):,} images), {names - training:,} "
        f"evaluate ({len(groups) - len(train):,})"
    )


def set_name(where: str) -> str:
    """The name of a folder or zip file, with which a path in a .csv file may begin."""
    return os.path.basename(os.path.abspath(where))  # noqa: PTH100, PTH119 - links keep their name


def _by_folder(paths: Sequence[str]) -> Callable[[str], str | None]:
    folders = [path.split("/")[:-1] for path in paths]
    depth = len(os.path.commonprefix(folders))  # noqa: RUF071 - of lists of names
    # Of pictures in a folder and pictures beside it, the latter are in none.
    return lambda path: next(iter(path.split("/")[depth:-1]), None)


def _by_csv(rule: str, where: str) -> Callable[[str], str | None]:
    groups, name = _read_csv(rule), set_name(where)
    return lambda path: groups.get(f"{name}/{path}") or groups.get(path)


def _by_pattern(rule: str) -> Callable[[str], str | None]:
    pattern = _compiled(rule)

    def find(path: str) -> str | None:
        match = pattern.search(path)
        return "/".join(filter(None, match.groups())) if match else None

    return find


def _compiled(rule: str) -> re.Pattern:
    try:
        pattern = re.compile(rule)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f"--groups={rule} is no regular expression: {brief(error)}") from None
    if not pattern.groups:
        raise InputError(
            f"--groups={rule} must be {FOLDER}, a file *{CSV}, or a regular expression with a "
            r"(group) in it, such as 'person(\d+)'"
        )
    return pattern


def _read_csv(rule: str) -> dict[str, str]:
    try:
        with Path(rule).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"--groups: cannot read {rule}: {brief(error)}") from error
    wrong = [row for row in rows if len(row) != 2 or not all(row)]
    if wrong or not rows:
        what = f"has the row {brief(','.join(wrong[0]))}" if wrong else "is empty"
        raise InputError(f"--groups: {rule} {what}; it needs rows of a path and a group")
    groups = dict(rows)
    if len(groups) < len(rows):
        counts = collections.Counter(path for path, _ in rows)
        twice = next(path for path, _ in rows if counts[path] > 1)
        raise InputError(f"--groups: {rule} names {brief(twice)} twice: leave one row")
    return groups
