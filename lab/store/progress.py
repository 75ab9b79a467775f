"""How far each training of a workdir is; nothing is written, and no lock is taken."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

from gan_knowledge_gaps.data import InputError, parse_json, read_json
from gan_knowledge_gaps.data.json_files import EVERY, NUMBER, TEXT, WHOLE, at_least
from gan_knowledge_gaps.lab.store.artifact import FAILED, STARTED, Artifact
from gan_knowledge_gaps.lab.store.inventory import ARTIFACTS
from gan_knowledge_gaps.lab.store.plans import Planned

# A training whose files have not changed for so long is not running: it was stopped or killed.
SILENT_SECONDS = 300.0
# Before its first line it makes images and compiles; afterwards a line may be slow to come.
SILENT_AT_FIRST, SILENT_LINES = 1200.0, 4
_TAIL = 2**16  # bytes at the end of a metrics file
_LENGTH = {"steps?": at_least(0, WHOLE), "batch_size?": at_least(0, WHOLE)}
_LINE = {"step": WHOLE, EVERY: NUMBER}
STATES = ("done", "running", "stopped", "failed", "waiting")


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a training is.

    Attributes:
        planned: the training.
        state: one of `STATES`; stopped is what was begun, has not failed, and does not go on.
        step: steps that were made, by its last line of metrics.
        steps: in all, at most.
        rate: steps per second, by its last line of metrics; of what is done, over all of it. None
            where that is not known.
        error: why it failed.
    """

    planned: Planned
    state: str
    step: int = 0
    steps: int = 0
    rate: float | None = None
    error: str | None = None


def progress_of(workdir: Path, planned: Planned, now: float | None = None) -> Progress:
    """How far a training is.

    Args:
        workdir: of its artifact.
        planned: the training.
        now: seconds since 1970; default: the time.
    """
    artifact = Artifact(workdir / ARTIFACTS / planned.key, planned.label)
    if artifact.is_done():
        return _done(artifact, planned)
    folder = artifact.folder
    if not (folder / STARTED).exists():
        return Progress(planned, "waiting", 0, planned.steps)
    length = _read(folder / STARTED, _LENGTH)
    lines = last_lines(folder / "metrics.jsonl")
    rate = None
    if lines and length.get("batch_size"):
        rate = lines[-1].get("images_per_second", 0.0) / length["batch_size"] or None
    step = int(lines[-1]["step"]) if lines else 0
    known = Progress(planned, "failed", step, int(length.get("steps", planned.steps)), rate)
    error = _read(folder / FAILED, {"error": TEXT}).get("error")
    if error is not None:
        return dataclasses.replace(known, error=error)
    silence = (time.time() if now is None else now) - _changed(folder)
    state = "running" if silence <= _bearable(lines, rate) else "stopped"
    return dataclasses.replace(known, state=state)


def _done(artifact: Artifact, planned: Planned) -> Progress:
    try:
        manifest = artifact.manifest()
    except InputError as error:
        return Progress(planned, "failed", 0, planned.steps, None, str(error))
    steps, seconds = manifest.get("steps", planned.steps), manifest["seconds"]
    rate = steps / seconds if steps and seconds else None
    return Progress(planned, "done", steps, steps, rate)


def last_lines(path: Path) -> list[dict[str, float]]:
    """The intact ones of the last lines of a metrics file, of a training that may be writing it."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            content = file.read()
    except OSError:
        return []
    found = []
    for line in content.split(b"\n"):
        try:
            found.append(parse_json(line, path, _LINE, ""))
        except InputError:  # empty, or cut at either end
            continue
    return found


def _bearable(lines: list[dict[str, float]], rate: float | None) -> float:
    """Seconds without a sign of life after which a training is not running."""
    if not lines:
        return SILENT_AT_FIRST
    between = lines[-1]["step"] - lines[-2]["step"] if len(lines) > 1 else lines[-1]["step"]
    return max(SILENT_SECONDS, SILENT_LINES * between / rate if rate else 0.0)


def _changed(folder: Path) -> float:
    """When something of a training was written last; seconds since 1970."""
    times = [0.0]
    for name in (STARTED, "metrics.jsonl", "checkpoints", "."):
        try:
            times.append((folder / name).stat().st_mtime)
        except OSError:
            continue
    return max(times)


def _read(path: Path, shape: dict) -> dict:
    try:
        return read_json(path, shape, "")
    except InputError:
        return {}
