"""The user's cache of built libraries: each is whole or not there, and built by one process."""

import contextlib
import dataclasses
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from gan_knowledge_gaps.data import InputError, read_json, sha256_file, write_json
from gan_knowledge_gaps.data.json_files import FLAG, NUMBER, TEXT, optional
from gan_knowledge_gaps.training.native.errors import BuildError
from gan_knowledge_gaps.training.native.recipe import Recipe

_PATIENCE = 1800  # seconds for another process's build
_SHAPE = {
    "sha256": TEXT, "path": TEXT, "cuda": FLAG, "cuda_problem": optional(TEXT), "seconds": NUMBER,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Library:
    """A built library.

    Attributes:
        path: the shared library.
        cuda: whether it has GPU kernels.
        cuda_problem: why it has none though there was an nvcc, or None.
        seconds: how long it took to build.
    """

    path: Path
    cuda: bool
    cuda_problem: str | None
    seconds: float


def folder() -> Path:
    """$GAPS_CACHE/ops, or gaps/ops in the user's cache folder.

    Raises:
        BuildError: the user has no home folder.
    """
    if chosen := os.environ.get("GAPS_CACHE"):
        return Path(chosen).absolute() / "ops"
    try:
        return platformdirs.user_cache_path("gaps", appauthor=False) / "ops"
    except RuntimeError:
        raise BuildError("there is no home folder for a cache; set GAPS_CACHE") from None


def find(key: str) -> Library | None:
    """The cached library of this key, if it is there and whole."""
    return _read(_path(key))


def find_of_any_compiler(target_key: str) -> Library | None:
    """A cached library of any recipe for this target: one with GPU kernels first, then by age."""
    found = [_read(path) for path in folder().glob(f"{_path(target_key).stem}-*.so")]
    order = [(each.cuda, each.path.stat().st_mtime, each) for each in found if each is not None]
    return max(order, key=lambda each: each[:2])[-1] if order else None


def build(recipe: Recipe, unless: Library | None = None, force: bool = False) -> Library:
    """Builds a recipe's library, or waits for the process that is building it.

    Args:
        recipe: what to build.
        unless: a library that is of no use, so that it is built again.
        force: whether to build what is there already.

    Raises:
        BuildError: it cannot be built, or the cache cannot be written.
    """
    path = _path(recipe.key())
    with _written_to(path.parent), _locked(path):
        found = _read(path)
        if found is not None and not force and found != unless:
            return found
        for left_by_the_dead in path.parent.glob(f"{path.stem}.*.building"):
            shutil.rmtree(left_by_the_dead, ignore_errors=True)
        return _build(recipe, path)


def _build(recipe: Recipe, path: Path) -> Library:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(
        dir=path.parent, prefix=f"{path.stem}.", suffix=".building", ignore_cleanup_errors=True
    ) as scratch:
        built, cuda_problem = recipe.build(Path(scratch))
        library = Library(
            path, recipe.nvcc is not None and cuda_problem is None, cuda_problem,
            round(time.monotonic() - started, 1),
        )  # fmt: skip
        manifest = {**dataclasses.asdict(library), "path": path.name, "sha256": sha256_file(built)}
        # A kill in between leaves a manifest that does not fit: no library, and built again.
        write_json(_manifest(path), manifest)
        built.replace(path)
    return library


def _read(path: Path) -> Library | None:
    try:
        fields = read_json(_manifest(path), _SHAPE, "")
        # The system's loader crashes the process on a library that was cut short.
        if sha256_file(path) != fields.pop("sha256"):
            return None
        return Library(**{**fields, "path": path})
    except (OSError, InputError, TypeError):  # and built again
        return None


def _path(key: str) -> Path:
    return folder() / f"gaps-ops-{key}.so"


def _manifest(path: Path) -> Path:
    return path.with_suffix(".json")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; the system lets go of the lock if its holder dies."""
    try:
        with FileLock(path.with_suffix(".lock"), timeout=_PATIENCE):
            yield
    except Timeout:
        raise BuildError(f"another process has been building {path} for {_PATIENCE} s") from None


@contextlib.contextmanager
def _written_to(place: Path) -> Iterator[None]:
    try:
        # Nobody else may put a library there.
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield
    except (OSError, NotImplementedError) as error:  # data.WriteError is an OSError, too
        reason = getattr(error, "strerror", None) or error
        raise BuildError(
            f"the cache folder {place} cannot be written ({reason}); set GAPS_CACHE to another"
        ) from None
