"""In a process of its own: --data, a folder or zip of pictures, MNIST's files, or records."""

import time
from pathlib import Path

import numpy as np

from gan_knowledge_gaps.data import InputError, open_path
from gan_knowledge_gaps.data.labels import describe_labels
from gan_knowledge_gaps.data.listing import passed_over_line
from gan_knowledge_gaps.data.picture import decode
from gan_knowledge_gaps.data.records.manifest import MANIFEST, read_manifest
from gan_knowledge_gaps.data.records.verification import damaged_shards
from gan_knowledge_gaps.data.sources import Source, count_jpeg, open_source
from gan_knowledge_gaps.data.threads import map_in_order
from gan_knowledge_gaps.training.doctor.check import Check, guarded, problem

SAMPLE, SECONDS = 500, 20.0
# Shares of JPEG files between these are a mixture.
_FEW, _MOST = 0.01, 0.99


def checks(path: str) -> list[Check]:
    """Whether what is at a path can be trained on."""
    try:
        if (Path(path) / MANIFEST).exists():
            return _records(Path(path))
        return _pictures(open_source(path, "--data"))
    except InputError as error:
        return [problem("Data", str(error), "see docs/data.md for what --data may be")]


def _records(folder: Path) -> list[Check]:
    """Every byte of the shards, then what a training opens."""
    manifest = read_manifest(folder)
    shards, parameters = manifest["shards"], manifest["parameters"]
    if damage := damaged_shards(folder):
        found = f"{len(damage)} of {len(shards)} shards are damaged: {damage[0]}"
        advice = "the same python -m data.convert makes them again; python -m data.verify lists all"
        return [problem("Data", found, advice)]
    opened = open_path(str(folder), parameters["resolution"], parameters["channels"])
    shape = "x".join(map(str, opened.dataset.image_shape))
    size = sum(shard["bytes"] for shard in shards) / 1e6
    found = f"{manifest['images']:,} images of {shape} in {len(shards)} shards, {size:.1f} MB"
    found += ", every byte as it was written"
    return [Check("Data", found), jpeg(opened.jpeg_files, opened.files)]


def _pictures(source: Source) -> list[Check]:
    size = sum(max(each, 0) for each in source.sizes)
    found = f"{len(source.names):,} pictures ({source.kind}), {size / 1e6:.1f} MB"
    if source.labels is not None:
        found += f"; {describe_labels(source.labels)}"
    if source.passed_over:
        found += f"; {passed_over_line(source.passed_over, 'it')}"
    sampled = guarded("Pictures", lambda: sample(source))
    return [Check("Data", found), *sampled, jpeg(count_jpeg(source), len(source.names))]


def sample(source: Source, count: int = SAMPLE, seconds: float = SECONDS) -> Check:
    """Decodes `count` pictures spread evenly over a source; none is begun after `seconds`."""
    total, end = len(source.names), time.monotonic() + seconds

    def size(i: int) -> tuple[int, int] | str | None:
        """Width and height of a picture, what is wrong with it, or None when the time is up."""
        try:
            late = time.monotonic() > end
            return None if late else decode(source.read(i), source.where(i)).image.size
        except InputError as error:
            return str(error)

    chosen = np.unique(np.linspace(0, total - 1, min(count, total)).astype(int))
    results = [each for each in map_in_order(size, map(int, chosen)) if each is not None]
    found = f"{len(results):,} of {total:,} decoded"
    if bad := [each for each in results if isinstance(each, str)]:
        advice = "repair them, or leave them out: python -m data.convert --skip_bad"
        found += f", {len(bad)} cannot be read: {'; '.join(bad[:3])}"
        return problem("Pictures", found, advice)
    sizes = sorted({each for each in results if not isinstance(each, str)}, key=min)
    extremes = [f"{width}x{height}" for width, height in (*sizes[:1], *sizes[1:][-1:])]
    return Check("Pictures", f"{found}, of {' to '.join(extremes) or 'no size known'}")


def jpeg(files: int, total: int) -> Check:
    """Whether the pictures are all JPEG files or all none."""
    share = files / total
    if not _FEW < share < _MOST:
        return Check("JPEG", f"{share:.0%} of the pictures were JPEG files once")
    found = f"{share:.0%} of the pictures were JPEG files once, the others not"
    advice = "detectors see the difference: train on, and compare with, files of one format"
    return Check("JPEG", found, advice)
