"""Images from any path a user may give, and what is known of their files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.datasets import Dataset, load
from data.errors import InputError
from data.listing import passed_over_line
from data.picture import JPEG_SUFFIXES
from data.records.checksummed_json import read_checksummed
from data.records.manifest import MANIFEST, read_manifest
from data.records.shard import index_name
from data.resize import FILTERS
from data.sources import open_images

_PLACE = ("offset", "length", "image_offset", "image_length")
_FOOTER_BYTES = 4  # of a TFRecord: the checksum of its contents


@dataclass(frozen=True, eq=False)
class Opened:
    """A data set, and where it comes from.

    Attributes:
        dataset: The images, split.
        path: Of the folder, zip file or records.
        resize_filter: "lanczos" or "box", by which they got their size.
        files: How many there are.
        jpeg_files: How many of them were JPEG files once, by their names and formats.
        passed_over: A line that says how many files are not read, and why; or "".
    """

    dataset: Dataset
    path: str
    resize_filter: str
    files: int
    jpeg_files: int
    passed_over: str = ""

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
) -> Opened:
    """Opens a folder of images, a zip file of them, or what `python -m data.convert` wrote.

    Args:
        path: Of the folder or file.
        resolution: Height and width of the images; records must have it already.
        channels: 1 or 3.
        resize_filter: "lanczos" (the default) or "box"; records have one already.
        flag: Who gave the path, for errors.
        labels: As for `data.load`; records have them already, or none.

    Raises:
        InputError: The images cannot be read, or are of another resolution or filter.
    """
    if resize_filter not in (None, *FILTERS):
        raise InputError(f"--filter is {resize_filter}; it must be one of {', '.join(FILTERS)}")
    passed_over = ""
    if (Path(path) / MANIFEST).exists():
        dataset = load("records", path, resolution=resolution, channels=channels)
        manifest = read_manifest(Path(path))
        stored = manifest["parameters"]["filter"]
        if resize_filter not in (None, stored):
            raise InputError(
                f"the records of {path} were made by --filter={stored}, not {resize_filter}: "
                "convert the images again"
            )
        names = list(_names_of_records(Path(path), manifest))
    else:
        stored = resize_filter or "lanczos"
        source = open_images(path, flag, labels)
        names, passed_over = source.names, passed_over_line(source.passed_over, path)
        dataset = load(
            "folder", path, resolution=resolution, channels=channels, resize_filter=stored,
            labels=labels,
        )  # fmt: skip
    jpeg_files = sum(name.lower().endswith(JPEG_SUFFIXES) for name in names)
    return Opened(dataset, path, stored, len(names), jpeg_files, passed_over)


def _names_of_records(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """The name of each picture's file, or its format where that is JPEG.

    In a record they stand behind the picture, so that no picture is read.
    """
    import tensorflow as tf  # Only here: reading images takes no TensorFlow.

    shards = manifest["shards"]
    for number, shard in enumerate(shards):
        index = read_checksummed(folder / index_name(number, len(shards)))
        places = zip(*(index[column] for column in _PLACE), strict=True)
        with (folder / shard["name"]).open("rb") as file:
            for offset, length, image_offset, image_length in places:
                behind = image_offset + image_length
                file.seek(behind)
                rest = file.read(offset + length - behind - _FOOTER_BYTES)
                # The features are sorted by name, and the picture's own is the first.
                features = tf.train.Features.FromString(rest).feature
                name = features["image/filename"].bytes_list.value[0]
                kind = features["image/format"].bytes_list.value[0]
                yield ".jpeg" if kind == b"jpeg" else name.decode("utf-8", "replace")
