"""Reads, crops and resizes every picture of many paths, in threads."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gan_knowledge_gaps.classifiers.perturbations import jpeg
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.errors import brief
from gan_knowledge_gaps.data.files import read_file
from gan_knowledge_gaps.data.labels import NONE
from gan_knowledge_gaps.data.listing import passed_over_line
from gan_knowledge_gaps.data.patches import Patches
from gan_knowledge_gaps.data.picture import MAX_BYTES, decode
from gan_knowledge_gaps.data.provenance import provenance_of
from gan_knowledge_gaps.data.resize import CropResize
from gan_knowledge_gaps.data.sources import Source, is_archive, open_images
from gan_knowledge_gaps.data.threads import map_in_order


@dataclass(frozen=True, eq=False)
class Reading:
    """A picture, or why there is none.

    Attributes:
        path: What to call it.
        images: uint8 [R, R, C], or strips of patches: the picture, then its re-encodings; none if
            it cannot be read.
        error: "", or the reason in one line.
        provenance: What its file says of its origin; see `data.provenance`.
    """

    path: str
    images: tuple[np.ndarray, ...]
    error: str = ""
    provenance: str = ""


class Pictures:
    """The pictures of files, folders and zip files, in the order given.

    A folder stands for every file below it that is named as images are, and so does a zip file; a
    file that is named itself is read whatever it is called. Names are listed at once, files are
    read when their turn comes. A path that does not exist, or a folder without pictures, is one
    picture that cannot be read.

    Args:
        paths: Files, folders and zip files.
    """

    def __init__(self, paths: Sequence[str]):
        self._parts = [_open(path) for path in paths]

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    @property
    def passed_over(self) -> list[str]:
        """A line for each folder or zip file with files that are not read."""
        return [part.passed_over for part in self._parts if part.passed_over]

    def readings(
        self, crop_resize: CropResize | Patches, qualities: Sequence[int] = ()
    ) -> Iterator[Reading]:
        """All of them, on all cores, holding only a few at a time.

        Args:
            crop_resize: What makes an image of a picture.
            qualities: Of JPEG, with which each is encoded again, at the size that it has.
        """

        def read(entry: tuple["_Part", int]) -> Reading:
            part, index = entry
            path = part.path(index)
            try:
                contents = part.read(index)
                picture = decode(contents, path).image
                encoded = reencodings(picture, crop_resize, qualities)
                images = (crop_resize(each, path) for each in (picture, *encoded))
                return Reading(path, tuple(images), provenance=provenance_of(contents))
            except InputError as error:
                return Reading(path, (), str(error))
            except MemoryError:
                return Reading(path, (), f"{path} is too large for the memory: make it smaller")

        entries = ((part, index) for part in self._parts for index in range(len(part)))
        with contextlib.closing(map_in_order(read, entries)) as readings:
            yield from readings


class FilesInMemory(Pictures):
    """Pictures whose files have been read already.

    Args:
        files: What to call each, and its contents.
    """

    def __init__(self, files: Sequence[tuple[str, bytes]]):
        self._parts = [_Part(name, functools.partial(bytes, contents)) for name, contents in files]


def reencodings(
    picture: Image.Image, crop_resize: CropResize | Patches, qualities: Sequence[int]
) -> Iterator[Image.Image]:
    """What is used of a picture in its own pixels, as JPEG of each quality, decoded again."""
    if qualities:
        pixels = crop_resize.own_pixels(picture)
        for quality in qualities:
            encoded = jpeg(pixels, quality)
            yield Image.fromarray(encoded[..., 0] if encoded.shape[-1] == 1 else encoded)


class _Part:
    """A path of the command line: one file."""

    passed_over = ""

    def __init__(self, path: str, read: Callable[[], bytes]):
        self._path, self._read = path, read

    def __len__(self) -> int:
        return 1

    def path(self, index: int) -> str:
        """What to call a picture."""
        return self._path

    def read(self, index: int) -> bytes:
        """The contents of a file; InputError if it cannot be read."""
        return self._read()


class _SourcePart(_Part):
    """A path of the command line: a folder or a zip file."""

    def __init__(self, path: str, source: Source):
        self._path, self._source = path, source
        self.passed_over = passed_over_line(source.passed_over, path)

    def __len__(self) -> int:
        return len(self._source.names)

    def path(self, index: int) -> str:
        return str(Path(self._path) / self._source.names[index])

    def read(self, index: int) -> bytes:
        return self._source.read(index)


def _open(path: str) -> _Part:
    try:
        if Path(path).is_dir() or Path(path).suffix.lower() == ".zip" or is_archive(Path(path)):
            return _SourcePart(path, open_images(path, "the path", labels=NONE))
    except InputError as error:
        reason = str(error)
        return _Part(path, lambda: _refuse(reason))
    except (OSError, ValueError) as error:  # a name too long, a null byte
        reason = f"cannot read {path}: {brief(error)}"
        return _Part(path, lambda: _refuse(reason))
    return _Part(path, lambda: read_file(path, MAX_BYTES))


def _refuse(reason: str) -> bytes:
    raise InputError(reason)
