"""Images from any path a user may give, and what is known of their files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.datasets import Dataset, load
from data.errors import InputError
from data.listing import passed_over_line
from data.picture import JPEG_SUFFIXES
from data.records import RecordImages
from data.records.manifest import MANIFEST, read_manifest
from data.resize import FILTERS
from data.sources import count_jpeg, open_images


@dataclass(frozen=True, eq=False)
class Opened:
    """A data set, and where it comes from.

    Attributes:
        dataset: The images, split.
        path: Of the folder, zip file or records.
        resize_filter: "lanczos" or "box", by which they got their size.
        files: How many there are.
        jpeg_files: How many of them were JPEG files once, by their contents; of records that were
            resized, by the names that the files had.
        passed_over: A line that says how many files are not read, and why; or "".
        paths: Relative paths of the files, with forward slashes, in the order of `dataset.whole`.
    """

    dataset: Dataset
    path: str
    resize_filter: str
    files: int
    jpeg_files: int
    passed_over: str = ""
    paths: Sequence[str] = ()

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

    Raises:
        InputError: The images cannot be read, or are of another resolution or filter.
    """
    if resize_filter not in (None, *FILTERS):
        raise InputError(f"--filter is {resize_filter}; it must be one of {', '.join(FILTERS)}")
    passed_over = ""
    if (Path(path) / MANIFEST).exists():
        dataset = load("records", path, resolution=resolution, channels=channels, groups=groups)
        manifest = read_manifest(Path(path))
        stored = manifest["parameters"]["filter"]
        if resize_filter not in (None, stored):
            raise InputError(
                f"the records of {path} were made by --filter={stored}, not {resize_filter}: "
                "convert the images again"
            )
        records = RecordImages(path)
        paths = records.paths
        jpeg_files = sum(
            is_jpeg or name.lower().endswith(JPEG_SUFFIXES)
            for is_jpeg, name in zip(records.are_jpeg, paths, strict=True)
        )
    else:
        stored = resize_filter or "lanczos"
        source = open_images(path, flag, labels)
        paths, passed_over = source.paths, passed_over_line(source.passed_over, path)
        dataset = load(
            "folder", path, resolution=resolution, channels=channels, resize_filter=stored,
            labels=labels, groups=groups,
        )  # fmt: skip
        jpeg_files = count_jpeg(source)
    return Opened(dataset, path, stored, len(paths), jpeg_files, passed_over, paths)
