"""What can be removed from a workdir, and the removing."""

import contextlib
import dataclasses
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.leftovers import is_left
from gan_knowledge_gaps.lab.store.artifact import CHECKPOINTS, Artifact
from gan_knowledge_gaps.lab.store.inventory import (
    STATISTICS,
    Entry,
    caches,
    dependencies,
    entries,
    files_below,
    named_in_reports,
    size_of,
    statistics,
)

_REMOVING = ".removing-"


class Selection(NamedTuple):
    """Which kinds of things to remove; see `python -m experiments.artifacts`."""

    unneeded: bool = False
    stale: bool = False
    checkpoints: bool = False
    caches: bool = False


@dataclasses.dataclass(frozen=True)
class Removal:
    """Something that can be removed.

    Attributes:
        what: in words.
        paths: files, or one folder.
        artifact: whose they are; None where it belongs to none.
        bytes: that this frees.
    """

    what: str
    paths: tuple[Path, ...]
    artifact: Artifact | None
    bytes: int


def unneeded(
    depends_on: Mapping[str, Iterable[str]], reported: Iterable[str], unfinished: Iterable[str]
) -> set[str]:
    """The artifacts that nothing needs.

    Args:
        depends_on: the keys that each artifact was trained on, by its key.
        reported: keys that a report names.
        unfinished: keys of trainings that will go on.
    """
    return set(depends_on) - dependencies(depends_on, {*reported, *unfinished})


def removals(
    workdir: Path, selection: Selection, results: Sequence[Path], keep: Sequence[str] = ()
) -> list[Removal]:
    """What a selection amounts to.

    Args:
        workdir: of the artifacts.
        selection: the kinds of things.
        results: folders of reports.
        keep: keys of artifacts that stay as they are, with all that they build on.

    Raises:
        InputError: a key to keep is no artifact's, or it cannot be told what something needs.
    """
    listed = entries(workdir)
    unknown = set(keep) - {entry.key for entry in listed}
    if unknown:
        raise InputError(f"--keep: {workdir} has no artifact {min(unknown)}")
    depends_on = {entry.key: entry.depends_on or {} for entry in listed}
    kept = dependencies(depends_on, keep)
    condemned = _unneeded(listed, results) if selection.unneeded else set()
    chosen: list[Removal] = []
    for entry in listed:
        if entry.key in kept:
            continue
        if entry.key in condemned or (selection.stale and entry.is_aside):
            why = "moved aside" if entry.is_aside else "unneeded"
            what = f"{entry.key}  {entry.artifact.label}, {why}"
            chosen.append(Removal(what, (entry.artifact.folder,), entry.artifact, entry.bytes))
        else:
            chosen += _parts(entry.artifact, selection)
    shared = tuple(statistics(workdir))
    if selection.caches and shared:
        chosen.append(Removal(STATISTICS, shared, None, size_of(shared)))
    return chosen


def _unneeded(listed: Sequence[Entry], results: Sequence[Path]) -> set[str]:
    listed = [entry for entry in listed if not entry.is_aside]
    for entry in listed:
        if entry.depends_on is None:
            raise InputError(
                f"{entry.artifact.folder} does not say what it was trained on, so that it is "
                "unknown what is needed; run its experiment again, or delete it"
            )
    reported = set().union(*map(named_in_reports, results))
    unfinished = {entry.key for entry in listed if not entry.artifact.is_done()}
    return unneeded({entry.key: entry.depends_on or {} for entry in listed}, reported, unfinished)


def _parts(artifact: Artifact, selection: Selection) -> list[Removal]:
    chosen: list[tuple[str, tuple[Path, ...]]] = []
    checkpoints = artifact.folder / CHECKPOINTS
    # A damaged model is rebuilt from its checkpoint.
    if selection.checkpoints and checkpoints.is_dir() and artifact.is_whole():
        chosen.append(("checkpoints", (checkpoints,)))
    if selection.caches and caches(artifact.folder):
        chosen.append(("caches", tuple(caches(artifact.folder))))
    return [
        Removal(f"{artifact.key}  {artifact.label}, {what}", paths, artifact, size_of(paths))
        for what, paths in chosen
    ]


def remove(removal: Removal) -> bool:
    """Removes it, unless another process is working on the artifact.

    Returns:
        Whether it was removed.
    """
    with (
        contextlib.nullcontext(True)
        if removal.artifact is None
        else removal.artifact.lock() as free
    ):
        if free:
            for path in removal.paths:
                _remove(path)
        return free


def _remove(path: Path) -> None:
    """A file, or a folder, which is there as a whole or not at all."""
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return
    hidden = path.with_name(_REMOVING + path.name)
    if hidden.exists():  # A removal was killed, and the same was made again since.
        shutil.rmtree(hidden)
    path.rename(hidden)
    shutil.rmtree(hidden)


def remove_leftovers(workdir: Path) -> None:
    """Removes what killed processes left behind: half a removal, half a file."""
    for folder in [*workdir.glob(f"*/{_REMOVING}*"), *workdir.glob(f"*/*/{_REMOVING}*")]:
        shutil.rmtree(folder, ignore_errors=True)
    for path, _ in files_below(workdir):
        if is_left(path):
            path.unlink(missing_ok=True)
