"""In a process of its own: --data, a folder or zip of pictures, MNIST's files, or records."""

import collections
import time
from pathlib import Path

import numpy as np

from data import InputError, open_path
from data.labels import describe_labels
from data.listing import passed_over_line
from data.picture import JPEG_SUFFIXES, decode
from data.records.manifest import MANIFEST, read_manifest
from data.records.verification import damaged_shards
from data.sources import Source, open_source
from data.threads import map_in_order
from training.doctor.finding import Finding, guarded, ok, problem, warning

SAMPLE = 500
SECONDS = 20.0
# Shares of JPEG files between these are a mixture.
_FEW, _MOST = 0.01, 0.99
_LISTED = 3


def findings(path: str) -> list[Finding]:
    """Whether what is at a path can be trained on."""
    try:
        if (Path(path) / MANIFEST).exists():
            return _records(Path(path))
        return _pictures(open_source(path, "--data"))
    except InputError as error:
        return [problem("Data", str(error), "see docs/data.md for what --data may be")]


def _records(folder: Path) -> list[Finding]:
    """Every byte of the shards, then what a training opens."""
    manifest = read_manifest(folder)
    damage = damaged_shards(folder)
    if damage:
        found = f"{len(damage)} of {len(manifest['shards'])} shards are damaged: {damage[0]}"
        advice = "the same python -m data.convert makes them again; python -m data.verify lists all"
        return [problem("Data", found, advice)]
    parameters = manifest["parameters"]
    opened = open_path(str(folder), parameters["resolution"], parameters["channels"])
    size = sum(shard["bytes"] for shard in manifest["shards"])
    shape = "x".join(map(str, opened.dataset.image_shape))
    found = (
        f"{manifest['images']:,} images of {shape} in {len(manifest['shards'])} shards, "
        f"{size / 1e6:.1f} MB, every byte as it was written"
    )
    return [ok("Data", found), jpeg(opened.jpeg_files, opened.files)]


def _pictures(source: Source) -> list[Finding]:
    size = sum(max(each, 0) for each in source.sizes)
    found = f"{len(source.names):,} pictures ({source.kind}), {size / 1e6:.1f} MB"
    if source.labels is not None:
        found += f"; {describe_labels(source.labels)}"
    if source.passed_over:
        found += f"; {passed_over_line(source.passed_over, 'it')}"
    names = [name.lower() for name in source.names]
    files = sum(name.endswith(JPEG_SUFFIXES) for name in names)
    sampled = guarded("Pictures", lambda: sample(source))
    return [ok("Data", found), *sampled, jpeg(files, len(names))]


def sample(source: Source, count: int = SAMPLE, seconds: float = SECONDS) -> Finding:
    """Decodes pictures spread evenly over a source.

    Args:
        source: of pictures.
        count: how many, at most.
        seconds: after which no more are begun.
    """
    total = len(source.names)
    end = time.monotonic() + seconds
    chosen = np.unique(np.linspace(0, total - 1, min(count, total)).astype(int))
    sizes, bad = collections.Counter(), []
    for result in map_in_order(lambda i: _size(source, i, end), map(int, chosen)):
        if isinstance(result, InputError):
            bad.append(str(result))
        elif result is not None:
            sizes[result] += 1
    tried = sizes.total() + len(bad)
    looked = f"{tried:,} of {total:,} decoded"
    if bad:
        found = f"{looked}, {len(bad)} cannot be read: {'; '.join(bad[:_LISTED])}"
        advice = "repair them, or leave them out: python -m data.convert --skip_bad"
        return problem("Pictures", found, advice)
    (width, height), often = sizes.most_common(1)[0]
    if len(sizes) == 1:
        return ok("Pictures", f"{looked}, all of {width}x{height}")
    smallest = min(min(size) for size in sizes)
    found = f"{looked}, of {len(sizes)} sizes, {often / tried:.0%} of {width}x{height}"
    return ok("Pictures", f"{found}; the shortest side has {smallest} pixels")


def _size(source: Source, i: int, end: float) -> tuple[int, int] | InputError | None:
    """Width and height of a picture, what is wrong with it, or None when the time is up."""
    if time.monotonic() > end:
        return None
    try:
        return decode(source.read(i), source.where(i)).image.size
    except InputError as error:
        return error


def jpeg(files: int, total: int) -> Finding:
    """Whether the pictures are all JPEG files or all none, as their names say."""
    share = files / total
    if _FEW < share < _MOST:
        return warning(
            "JPEG",
            f"{share:.0%} of the pictures were JPEG files once, the others not",
            "detectors see the difference: train on files of one format, and compare with "
            "generated images of the same share",
        )
    return ok("JPEG", f"{share:.0%} of the pictures were JPEG files once")
