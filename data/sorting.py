"""The order of file names in which 2 comes before 10."""

import re


def sort_key(path: str) -> tuple[str, str]:
    """Sorts paths as text, except that a run of digits counts as one number.

    Where numbers are padded with zeros to one width, as in FFHQ, this is the order of plain text.

    Args:
        path: A relative path with forward slashes.

    Returns:
        A key for `sorted`; different paths have different keys.
    """
    # A number becomes "0", its number of digits, then its digits: text that sorts as the number
    # does, and beside other characters where a digit would.
    return re.sub(r"[0-9]+", _sortable, path), path


def _sortable(match: re.Match) -> str:
    digits = match[0].lstrip("0")
    return "0" + chr(len(digits)) + digits
