"""Converts a source of pictures to a folder of records; resumes after a kill at any moment."""

import contextlib
import functools
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from filelock import FileLock, Timeout

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.files import atomic_path
from gan_knowledge_gaps.data.groups import groups_of
from gan_knowledge_gaps.data.leftovers import TEMPORARY
from gan_knowledge_gaps.data.records.checksummed_json import DamagedError, read_checksummed
from gan_knowledge_gaps.data.records.example import Bad, encode
from gan_knowledge_gaps.data.records.manifest import MANIFEST, make_manifest, write_manifest
from gan_knowledge_gaps.data.records.options import ConvertOptions
from gan_knowledge_gaps.data.records.plan import (
    PLAN,
    check_same,
    describe_source,
    make_plan,
    note_plan,
    noted_plan,
    shard_key,
)
from gan_knowledge_gaps.data.records.shard import (
    finished_index,
    shard_name,
    write_index,
    write_shard,
)
from gan_knowledge_gaps.data.sources import open_source
from gan_knowledge_gaps.data.split import split_groups
from gan_knowledge_gaps.data.threads import map_in_order

_LOCK = ".lock"
_OURS = re.compile(r"\.?(images-\d|index-\d|manifest\.|conversion\.)")
_MOST_LISTED = 20  # without --skip_bad, so many bad pictures end the conversion at once


class Conversion:
    """One conversion, as a context manager that holds a lock on its output.

    Entering it checks everything that can be known beforehand, and which shards are finished
    already: those whose index is whole, of these parameters and pictures, and whose bytes are
    those that the index promises.

    Args:
        options: What to do.

    Raises:
        InputError: The source cannot be used, or the output holds something else, or another
            process is writing to it.
    """

    def __init__(self, options: ConvertOptions):
        self.options = options
        self.source = open_source(options.source, labels=options.labels)
        self.total = min(len(self.source.names), options.limit or len(self.source.names))
        self.groups = None
        if options.groups is not None:
            if self.source.kind == "idx":
                raise InputError("--groups is for folders and zip files: idx files have no names")
            self.groups = groups_of(self.source.paths, options.groups, options.source)
            split_groups(self.groups[: self.total])  # before a folder is made
        self.plan = make_plan(options, self.source, self.total, self.groups)
        name = Path(options.source).expanduser().resolve().name
        self.description = describe_source(self.source, name, self.total)
        self.output = _new_folder(options.output)
        self._lock = FileLock(self.output / _LOCK)
        self._indices: list[dict[str, Any] | None] = []

    def __enter__(self) -> "Conversion":
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise InputError(f"another process is writing to {self.output}: wait for it") from None
        try:
            self._begin()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(self, *error) -> None:
        self._release()

    @property
    def done(self) -> int:
        """Number of pictures in finished shards."""
        pairs = zip(self._pictures, self._indices, strict=True)
        return sum(len(pictures) for pictures, index in pairs if index)

    def run(
        self,
        on_done: Callable[[], None] = lambda: None,
        on_bad: Callable[[str], None] = lambda line: None,
    ) -> dict[str, Any]:
        """Writes what is missing; the manifest last.

        Args:
            on_done: Called after each picture; what it raises ends the conversion, which then
                goes on as after a kill.
            on_bad: Called with a line about each picture that cannot be read.

        Returns:
            The manifest.

        Raises:
            InputError: Pictures cannot be read and `skip_bad` is not set, none can be read, or the
                output cannot be written.
        """
        try:
            self._write_shards(on_done, on_bad)
            indices = cast("list[dict[str, Any]]", self._indices)  # all are there now
            bad = sum(len(index["skipped"]) for index in indices)
            self._refuse_bad(bad)
            if bad == self.total:
                raise InputError(f"none of the {bad} pictures can be read: give another --source")
            manifest = make_manifest(self.plan, self.description, indices)
            write_manifest(self.output, manifest)
            (self.output / PLAN).unlink(missing_ok=True)
        except OSError as error:  # sources raise InputError
            if isinstance(error, (BrokenPipeError, InterruptedError)):
                raise
            raise InputError(
                f"cannot write to {self.output} ({error.strerror}): put it right; the same command "
                "goes on"
            ) from error
        return manifest

    @functools.cached_property
    def _pictures(self) -> list[range]:
        """Which pictures go into each shard: equal shares, in order."""
        count = self.plan["parameters"]["shards"]
        borders = [number * self.total // count for number in range(count + 1)]
        return [range(*pair) for pair in itertools.pairwise(borders)]

    def _begin(self) -> None:
        keys = [shard_key(self.plan, self.source, *each) for each in enumerate(self._pictures)]
        self._keys = keys
        try:
            noted = noted_plan(self.output)
        except DamagedError as error:
            self._forget(error)
            noted = None
        if noted is None:
            note_plan(self.output, self.plan)
            (self.output / MANIFEST).unlink(missing_ok=True)  # one that is damaged
            noted = self.plan
        check_same(self.output, noted, self.plan, "parameters")
        if noted.get("source", self.description)["sha256"] != self.description["sha256"]:
            raise InputError(
                f"--source has changed since {self.output} was made from it: "
                "give another folder, or delete this one"
            )
        for path in self.output.iterdir():
            if TEMPORARY.fullmatch(path.name) and _OURS.match(path.name):  # of a killed process
                path.unlink()
        self._indices = [
            finished_index(self.output, number, len(keys), key) for number, key in enumerate(keys)
        ]
        if not self.options.skip_bad:  # a picture may have been repaired
            self._indices = [
                None if index and index["skipped"] else index for index in self._indices
            ]
        if None in self._indices:
            check_same(self.output, noted, self.plan, "software")
        else:
            self.plan = {part: noted[part] for part in self.plan}

    def _forget(self, error: DamagedError) -> None:
        """Makes all shards unfinished where a damaged plan cannot say what decoded them.

        Raises:
            InputError: No shard shows that the folder holds this conversion.
        """
        indices = list(self.output.glob("index-*.json"))
        made_from = []
        for path in indices:
            with contextlib.suppress(InputError):  # one that is damaged as well
                made_from.append(read_checksummed(path).get("made_from"))
        if not set(made_from) & set(self._keys):
            raise InputError(
                f"{error}, but nothing in {self.output} shows that it holds this very conversion: "
                "delete that file, or give another --output"
            ) from error
        for path in indices:
            path.unlink()

    def _write_shards(self, on_done: Callable, on_bad: Callable) -> None:
        bad, count = 0, len(self._keys)
        for number, pictures in enumerate(self._pictures):
            if self._indices[number] is not None:
                continue
            path = self.output / shard_name(number, count)
            with atomic_path(path) as temporary:
                encoded = self._encode(pictures, on_done, on_bad, bad)
                index = write_shard(temporary, encoded, self.options.crop_resize.shape)
            write_index(self.output, number, count, self._keys[number], index)
            self._indices[number] = index
            bad += len(index["skipped"])

    def _encode(
        self, pictures: range, on_done: Callable, on_bad: Callable, bad: int
    ) -> Iterator[Any]:
        convert = functools.partial(
            encode, self.source, crop_resize=self.options.crop_resize, groups=self.groups
        )
        for result in map_in_order(convert, pictures):
            if isinstance(result, Bad):
                bad += 1
                on_bad(result.reason)
                if bad == _MOST_LISTED:
                    self._refuse_bad(bad)
            yield result
            on_done()

    def _refuse_bad(self, bad: int) -> None:
        if bad and not self.options.skip_bad:
            raise InputError(
                f"{bad} pictures cannot be read, as listed above: repair them, or go on without "
                "them by --skip_bad; finished shards are kept"
            )

    def _release(self) -> None:
        with contextlib.suppress(OSError):  # Windows does not delete an open file
            (self.output / _LOCK).unlink()
        self._lock.release()


def _new_folder(output: str) -> Path:
    try:
        folder = Path(output).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"cannot make --output {output} as a folder ({reason}): give another"
        ) from error
