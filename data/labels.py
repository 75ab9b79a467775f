"""Labels of pictures: a file dataset.json beside them, or one folder for each class.

dataset.json is StyleGAN2-ADA's: {"labels": [["00000/img00000000.png", 6], ...]}, with paths
relative to it; {"labels": null} is no labels.
"""

import collections
import hashlib
import json
from collections.abc import Sequence

import numpy as np

from gan_knowledge_gaps.data.errors import InputError, brief
from gan_knowledge_gaps.data.listing import LABEL_FILE
from gan_knowledge_gaps.data.sorting import sort_key

FOLDERS, NONE = "folders", "none"
CHOICES = (LABEL_FILE, FOLDERS, NONE)
MOST_CLASSES = 100_000
_CLASSES_LISTED = 10


def labels_of(
    names: Sequence[str], choice: str | None, label_file: bytes | None, where: str
) -> np.ndarray | None:
    """The labels of a source's pictures.

    Args:
        names: Relative paths with forward slashes.
        choice: "dataset.json"; "folders", whose names at the first level, sorted, 2 before 10, are
            classes 0, 1, ...; "none"; or None: dataset.json where there is one.
        label_file: The contents of dataset.json, or None where there is none.
        where: What holds the pictures, for errors.

    Returns:
        int64 [len(names)], or None.

    Raises:
        InputError: There are none where they were asked for, or they do not fit to the pictures.
    """
    if choice not in (None, *CHOICES):
        raise InputError(f"--labels is {choice!r}; it must be one of {', '.join(CHOICES)}")
    if choice == NONE or (choice is None and label_file is None):
        return None
    if choice == FOLDERS:
        return _of_folders(names, where)
    if label_file is None:
        raise InputError(f"--labels={LABEL_FILE}, but there is no {LABEL_FILE} in {where}")
    try:
        return _of_file(names, label_file)
    except ValueError as error:
        raise InputError(
            f"{LABEL_FILE} in {where}: {brief(error)}; repair it, or remove it"
        ) from None


def labels_digest(labels: np.ndarray | None) -> str:
    """SHA-256 in hexadecimal of labels int64 [N]; "" for none."""
    return "" if labels is None else hashlib.sha256(labels.astype("<i8").tobytes()).hexdigest()


def describe_labels(labels: np.ndarray, names: Sequence[str] = ()) -> str:
    """Counts the pictures of each class: "3 classes: 0 (20 pictures), 1 (7), 4 (2)".

    Args:
        labels: int64 [N].
        names: Where folders are classes, the pictures' relative paths, to name the folders.
    """
    classes, firsts, counts = np.unique(labels, return_index=True, return_counts=True)
    lines: list[str] = []
    for label, first, count in zip(classes, firsts, counts[:_CLASSES_LISTED], strict=False):
        folder = f" = {brief(names[first].partition('/')[0])}" if names else ""
        lines.append(f"{label}{folder} ({count:,}{'' if lines else ' pictures'})")
    more = ["..."] if len(classes) > _CLASSES_LISTED else []
    return f"{len(classes):,} classes: {', '.join(lines + more)}"


def _of_folders(names: Sequence[str], where: str) -> np.ndarray:
    outside = [name for name in names if "/" not in name]
    if outside:
        raise InputError(
            f"--labels={FOLDERS}: {len(outside):,} pictures of {where} are in no sub-folder, such "
            f"as {brief(outside[0])}: each class needs a folder"
        )
    folders = [name.partition("/")[0] for name in names]
    numbers = {folder: i for i, folder in enumerate(sorted(set(folders), key=sort_key))}
    if len(numbers) > MOST_CLASSES:
        raise InputError(f"--labels={FOLDERS}: {len(numbers):,} classes; at most {MOST_CLASSES:,}")
    return np.array([numbers[folder] for folder in folders], np.int64)


def _of_file(names: Sequence[str], contents: bytes) -> np.ndarray | None:
    """Raises a ValueError that says what is wrong."""
    pairs = _pairs(contents)
    if pairs is None:
        return None
    labels = {}
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
            raise ValueError(f"{brief(pair)} is no pair of a file's name and its class")
        name, label = pair
        if type(label) is not int or not 0 <= label < MOST_CLASSES:
            raise ValueError(
                f"the class of {_quoted(name)} is {brief(label)}; it must be a whole number, 0 to "
                f"{MOST_CLASSES - 1:,}"
            )
        labels[name] = label
    twice = [name for name, count in collections.Counter(x[0] for x in pairs).items() if count > 1]
    there = set(names)
    for what, wrong in {
        "are named twice": twice,
        "are not there": [name for name in labels if name not in there],
        "have no class": [name for name in names if name not in labels],
    }.items():
        if wrong:
            raise ValueError(f"{len(wrong):,} pictures {what}, such as {_quoted(wrong[0])}")
    return np.array([labels[name] for name in names], np.int64)


def _pairs(contents: bytes) -> list | None:
    try:
        content = json.loads(contents)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON ({error})") from error
    if not isinstance(content, dict) or not isinstance(content.get("labels"), list | None):
        raise ValueError('needs {"labels": [[FILE, CLASS], ...]}, or null for no labels')
    return content.get("labels")


def _quoted(name: str) -> str:
    return name if len(name) <= 60 else f"...{name[-57:]}"
