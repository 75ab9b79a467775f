"""What lies in a workdir: its artifacts, what they build on, and how large they are."""

import contextlib
import dataclasses
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gan_knowledge_gaps.data import read_json
from gan_knowledge_gaps.data.json_files import OBJECT
from gan_knowledge_gaps.lab.store.artifact import (
    CHECKPOINTS,
    DAMAGED,
    DONE,
    SNAPSHOTS,
    STALE,
    STARTED,
    Artifact,
)

ARTIFACTS, RESULTS, STATISTICS = "artifacts", "results", "statistics"
PARTS = ("model", "checkpoints", "caches", "samples", "other")
_ASIDE = re.compile(rf".+\.(?:{STALE}|{DAMAGED})-[0-9]+")


@dataclasses.dataclass(frozen=True)
class Entry:
    """What lies in an artifact's folder.

    Attributes:
        artifact: its folder.
        state: done, started, stale (trained on other models than there are now, or moved aside for
            that) or damaged.
        depends_on: the weights' SHA-256 of each model that it was trained on, by key; None where
            nothing says so any more.
        sizes: bytes of each of `PARTS`.
        changed: when it was finished, or last worked on; seconds since 1970.
    """

    artifact: Artifact
    state: str
    depends_on: dict[str, str] | None
    sizes: dict[str, int]
    changed: float

    @property
    def key(self) -> str:
        """The folder's name."""
        return self.artifact.key

    @property
    def kind(self) -> str:
        """What it is: a GAN, a classifier."""
        return self.key.partition("-")[0]

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(self.sizes.values())

    @property
    def is_aside(self) -> bool:
        """Whether it was moved aside, so that no experiment finds it."""
        return is_aside(self.key)


def is_aside(key: str) -> bool:
    """Whether a folder of this name was moved aside."""
    return _ASIDE.fullmatch(key) is not None


def artifacts(workdir: Path) -> list[Artifact]:
    """All artifacts of a workdir, those that were moved aside too, by name."""
    folders = sorted(path for path in (workdir / ARTIFACTS).glob("*") if path.is_dir())
    found = [Artifact(folder, folder.name) for folder in folders if folder.name[0] != "."]
    return [Artifact(each.folder, each.description().get("label", each.key)) for each in found]


def entries(workdir: Path) -> list[Entry]:
    """All artifacts of a workdir with their states and sizes; their files are not hashed."""
    everything = artifacts(workdir)
    stale = stale_keys(everything)
    return [_entry(artifact, stale) for artifact in everything]


def _entry(artifact: Artifact, stale: set[str]) -> Entry:
    marks = [artifact.folder / name for name in (DONE, "metrics.jsonl", STARTED)]
    mark = next((path for path in marks if path.exists()), artifact.folder)
    return Entry(
        artifact,
        _state(artifact, stale),
        artifact.trained_on(),
        _sizes(artifact.folder),
        mark.stat().st_mtime,
    )


def _state(artifact: Artifact, stale: set[str]) -> str:
    if is_aside(artifact.key) or artifact.key in stale:
        return "stale"
    if not artifact.is_done():
        return "started"
    return "done" if artifact.is_complete() else "damaged"


def stale_keys(everything: Iterable[Artifact]) -> set[str]:
    """The artifacts that were trained on other models than there are now, or on such artifacts."""
    weights, depends_on = {}, {}
    for artifact in everything:
        depends_on[artifact.key] = artifact.trained_on() or {}
        if artifact.is_done() and artifact.is_complete():
            weights[artifact.key] = artifact.weights_sha256()
    changed = {
        key
        for key, used in depends_on.items()
        if any(weights.get(each, sha256) != sha256 for each, sha256 in used.items())
    }
    return dependants(depends_on, changed)


def affected(workdir: Path, key: str) -> list[Artifact]:
    """All that was trained on other weights of an artifact than it has now, or builds on such."""
    everything = [each for each in artifacts(workdir) if not is_aside(each.key)]
    depends_on = {each.key: each.trained_on() or {} for each in everything}
    weights = Artifact(workdir / ARTIFACTS / key, key).weights_sha256()
    changed = {other for other, used in depends_on.items() if used.get(key, weights) != weights}
    keys = dependants(depends_on, changed)
    return [artifact for artifact in everything if artifact.key in keys]


def dependants(depends_on: Mapping[str, Iterable[str]], keys: Iterable[str]) -> set[str]:
    """The keys, and all that build on them, directly or not."""
    used_by: dict[str, list[str]] = {}
    for key, used in depends_on.items():
        for each in used:
            used_by.setdefault(each, []).append(key)
    return _reached(used_by, keys)


def dependencies(depends_on: Mapping[str, Iterable[str]], keys: Iterable[str]) -> set[str]:
    """The keys, and all that they build on, directly or not."""
    return _reached(depends_on, keys)


def _reached(edges: Mapping[str, Iterable[str]], keys: Iterable[str]) -> set[str]:
    reached, left = set(), list(keys)
    while left:
        key = left.pop()
        if key not in reached:
            reached.add(key)
            left += edges.get(key, ())
    return reached


def named_in_reports(folder: Path) -> set[str]:
    """The artifacts behind the reports in a folder and the folders below it.

    Raises:
        InputError: a report cannot be read, so that nobody knows what it needs.
    """
    keys: set[str] = set()
    for path in sorted(folder.rglob("report.json")):
        advice = "it may need any artifact: repair it or delete it first"
        keys.update(read_json(path, {"provenance": OBJECT}, advice)["provenance"])
    return keys


def caches(folder: Path) -> list[Path]:
    """The files of an artifact that can be computed again from its model."""
    return sorted(path for path in folder.glob("*.npz") if path.name[0] != ".")


def statistics(workdir: Path) -> list[Path]:
    """The files of all judges' statistics."""
    return [path for folder in sorted((workdir / STATISTICS).glob("*")) for path in caches(folder)]


def _sizes(folder: Path) -> dict[str, int]:
    sizes = dict.fromkeys(PARTS, 0)
    for path, size in files_below(folder):
        sizes[_part(path.relative_to(folder))] += size
    return sizes


def _part(path: Path) -> str:
    if path.suffix == ".keras" or path.parts[0] == SNAPSHOTS:
        return "model"
    if path.parts[0] == CHECKPOINTS:
        return "checkpoints"
    if path.suffix == ".npz":
        return "caches"
    return "samples" if path.parts[0] in ("samples", "samples.png") else "other"


def size_of(paths: Iterable[Path]) -> int:
    """Bytes of files, and of all files in folders."""
    return sum(size for path in paths for _, size in files_below(path))


def files_below(path: Path) -> Iterator[tuple[Path, int]]:
    """The files in a folder and the folders below it, or the file itself, with their bytes.

    What vanishes meanwhile is left out: a training that is running removes its old checkpoints.
    """
    files = [path] if path.is_file() else []
    for folder, _, names in os.walk(path):
        files += [Path(folder, name) for name in names]
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            yield file, file.stat().st_size
