"""Images from any path a user may give, and what is known of their files."""

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gan_knowledge_gaps.data.datasets import Dataset, load
from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.facts import facts_of
from gan_knowledge_gaps.data.listing import passed_over_line
from gan_knowledge_gaps.data.picture import JPEG_SUFFIXES
from gan_knowledge_gaps.data.records import RecordImages
from gan_knowledge_gaps.data.records.manifest import MANIFEST, read_manifest
from gan_knowledge_gaps.data.resize import FILTERS
from gan_knowledge_gaps.data.sources import count_jpeg, open_images
from gan_knowledge_gaps.data.threads import map_in_order

_HEADER_BYTES = 2**16  # in which most pictures say their size


@dataclass(frozen=True, eq=False)
class Opened:
    """A data set, with its path and what is known of its files.

    Attributes:
        dataset: The images, split.
        path: Of the folder, zip file or records.
        resize_filter: "lanczos" or "box", by which they got their size.
        files: How many there are.
        jpeg_files: How many of them were JPEG files once, by their contents; of records that were
            resized, by the names that the files had.
        passed_over: A line that says how many files are not read, and why; or "".
        paths: Relative paths of the files, with forward slashes, in the order of `dataset.whole`.
        read_file: Gives the encoded file of the picture of a number, as it is stored.

    Example:
        >>> from gan_knowledge_gaps.data import open_path
        >>> photos = open_path("photos", resolution=32, channels=3)
        >>> photos.files, photos.jpeg_share, len(photos.dataset.train)
        (50, 0.0, 40)
    """

    dataset: Dataset
    path: str
    resize_filter: str
    files: int
    jpeg_files: int
    passed_over: str
    paths: Sequence[str]
    read_file: Callable[[int], bytes]

    @property
    def jpeg_share(self) -> float:
        """Share of the images that were JPEG files once."""
        return self.jpeg_files / max(1, self.files)


def open_path(
    path: str,
    resolution: int,
    channels: int,
    resize_filter: str | None = None,
    flag: str = "--data",
    labels: str | None = None,
    groups: str | None = None,
    common_size: int | None = None,
    patches: int | None = None,
) -> Opened:
    """Opens a folder of images, a zip file of them, or what `python -m data.convert` wrote.

    Args:
        path: Of the folder or file.
        resolution: Height and width of the images; records must have it already.
        channels: 1 or 3.
        resize_filter: "lanczos" (the default) or "box"; records have one already.
        flag: Who gave the path, for errors.
        labels: As for `data.load`; records have them already, or none.
        groups: As for `data.load`.
        common_size: As for `data.resize.CropResize`; records have one size already.
        patches: As for `data.load`, of pictures no smaller than the resolution; not for records.

    Raises:
        InputError: The images cannot be read, or are of another resolution or filter.
    """
    if resize_filter not in (None, *FILTERS):
        raise InputError(f"--filter is {resize_filter}; it must be one of {', '.join(FILTERS)}")
    passed_over = ""
    if patches is not None:
        _check_native(path, resolution, flag)
    if (Path(path) / MANIFEST).exists():
        dataset = load("records", path, resolution=resolution, channels=channels, groups=groups)
        manifest = read_manifest(Path(path))
        stored = manifest["parameters"]["filter"]
        if resize_filter not in (None, stored):
            raise InputError(
                f"the records of {path} were made by --filter={stored}, not {resize_filter}: "
                "convert the images again"
            )
        if common_size not in (None, resolution):
            raise InputError(
                f"--common_size={common_size} is not for records such as {path}, which were resized"
                " when they were converted: give the folders or zip files"
            )
        records = RecordImages(path)
        paths, read_file = records.paths, records.contents
        jpeg_files = sum(
            is_jpeg or name.lower().endswith(JPEG_SUFFIXES)
            for is_jpeg, name in zip(records.are_jpeg, paths, strict=True)
        )
    else:
        stored = resize_filter or "lanczos"
        source = open_images(path, flag, labels)
        paths, read_file = source.paths, source.read
        passed_over = passed_over_line(source.passed_over, path)
        dataset = load(
            "folder", path, resolution=resolution, channels=channels, resize_filter=stored,
            labels=labels, groups=groups, common_size=common_size, patches=patches,
        )  # fmt: skip
        jpeg_files = count_jpeg(source)
    return Opened(dataset, path, stored, len(paths), jpeg_files, passed_over, paths, read_file)


def _check_native(path: str, resolution: int, flag: str) -> None:
    """Raises InputError unless every picture has its own pixels, and no fewer than a patch."""
    if (Path(path) / MANIFEST).exists():
        raise InputError(
            f"patches are cut of pictures in their own pixels, and the records of {flag} {path} "
            "were resized: give the folder or zip file that they were made of"
        )
    side = smallest_side(path, flag)
    if side < resolution:
        raise InputError(
            f"a picture of {flag} {path} has {side} pixels across, and a patch {resolution}: take "
            "such pictures out, or give a smaller --resolution"
        )


def smallest_side(path: str, flag: str = "--data") -> int:
    """The smallest side of any picture of a folder or zip file, in pixels; of records, theirs.

    Args:
        path: As for `open_path`.
        flag: Who gave the path, for errors.

    Raises:
        InputError: There are no pictures, or none whose size can be read.
    """
    if (Path(path) / MANIFEST).exists():
        return read_manifest(Path(path))["parameters"]["resolution"]
    source = open_images(path, flag)

    def side(i: int) -> float:
        for read in (lambda: source.head(i, _HEADER_BYTES), lambda: source.read(i)):
            with contextlib.suppress(Exception):  # reading the pixels will name a bad file
                return facts_of(read()).side
        return math.inf

    found = min(map_in_order(side, range(len(source.names))))
    if found == math.inf:
        raise InputError(f"no picture of {flag} {path} can be read")
    return int(found)
