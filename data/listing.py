"""Which files of a folder or zip file are pictures, and how many are passed over, and why."""

import collections
import re
from collections.abc import Iterable

from gan_knowledge_gaps.data.errors import InputError, printable
from gan_knowledge_gaps.data.picture import SUFFIXES
from gan_knowledge_gaps.data.sorting import sort_key

LABEL_FILE = "dataset.json"
HIDDEN = "hidden"
_KINDS_LISTED = 8
_SUFFIX = re.compile(r"[^./](\.[^./]{1,15})$")


def is_hidden(path: str) -> bool:
    """Whether a part of a relative path begins with a dot."""
    return any(part.startswith(".") for part in path.split("/"))


def pictures_among(
    paths: Iterable[tuple[str, str]], passed_over: collections.Counter[str], where: object
) -> list[str]:
    """The names of pictures, sorted by path, 2 before 10.

    Args:
        paths: Pairs of a file's name and its relative path with forward slashes.
        passed_over: To which is added how many files are none, by kind.
        where: What holds them, for the error.

    Raises:
        InputError: There are none.
    """
    names = []
    for name, path in paths:
        if is_hidden(path):
            passed_over[HIDDEN] += 1
        elif path.lower().endswith(SUFFIXES):
            names.append(name)
        elif path != LABEL_FILE:
            suffix = _SUFFIX.search(path)
            passed_over[printable(suffix[1].lower()) if suffix else "without suffix"] += 1
    if not names:
        line = passed_over_line(passed_over, where)
        raise InputError(
            f"no images in {where}: it needs {', '.join(SUFFIXES)} files" + (line and f"; {line}")
        )
    return sorted(names, key=sort_key)


def passed_over_line(passed_over: collections.Counter[str], where: object) -> str:
    """Says how many files are passed over, and why; "" where there are none."""
    if not passed_over:
        return ""
    kinds = [f"{count:,} {kind}" for kind, count in passed_over.most_common(_KINDS_LISTED)]
    more = passed_over.total() - sum(count for _, count in passed_over.most_common(_KINDS_LISTED))
    kinds += [f"{more:,} of other kinds"] if more else []
    return f"{passed_over.total():,} files of {where} are passed over: {', '.join(kinds)}"
