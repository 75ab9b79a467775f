"""Records which conversion a folder holds, and compares it when the conversion resumes."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import __version__ as pillow_version
from PIL import features

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.records.checksummed_json import read_checksummed, write_checksummed
from gan_knowledge_gaps.data.records.manifest import FORMAT_VERSION, MANIFEST, read_manifest
from gan_knowledge_gaps.data.records.options import ConvertOptions
from gan_knowledge_gaps.data.sources import Source

PLAN = "conversion.json"
_LIBRARIES = ("zlib", "libjpeg_turbo", "webp")


def make_plan(
    options: ConvertOptions, source: Source, pictures: int, groups: np.ndarray | None = None
) -> dict[str, Any]:
    """Everything that the records' bytes depend on, except for the pictures' contents."""
    grouped = {}
    if groups is not None:
        digest = hashlib.sha256(_bytes("\n".join(groups[:pictures].tolist())))
        grouped = {"groups_sha256": digest.hexdigest()}
    names = "\n".join([*source.names[:pictures], source.contents])
    return {
        "parameters": {
            "format_version": FORMAT_VERSION,
            "resolution": options.resolution,
            "channels": options.channels,
            "filter": options.resize_filter,
            "crop": options.crop,
            "limit": options.limit,
            "shards": options.count_shards(pictures),
            "source_names_sha256": hashlib.sha256(_bytes(names)).hexdigest(),
            **grouped,
        },
        "software": {
            "pillow": pillow_version,
            **{name: features.version(name) for name in _LIBRARIES},
        },
    }


def describe_source(source: Source, name: str, pictures: int) -> dict[str, Any]:
    """What the manifest says of the source; the same for a folder and a zip file of it.

    `sha256` is over a line "<name> <tab> <size in bytes>" for each picture, in order.
    """
    sizes = source.sizes[:pictures]
    return {
        "kind": source.kind,
        "name": name,
        "pictures": pictures,
        "bytes": sum(sizes),
        "sha256": hashlib.sha256(_lines(source, range(pictures))).hexdigest(),
    }


def shard_key(plan: dict[str, Any], source: Source, number: int, pictures: Sequence[int]) -> str:
    """What a shard is made from: parameters, and the names and sizes of its pictures."""
    digest = hashlib.sha256(json.dumps([plan["parameters"], number], sort_keys=True).encode())
    digest.update(_lines(source, pictures))
    return digest.hexdigest()


def noted_plan(folder: Path) -> dict[str, Any] | None:
    """The plan of the conversion that a folder holds, finished or not; None if it is empty.

    Raises:
        DamagedError: Its plan is damaged.
        InputError: It holds something else.
    """
    if (folder / MANIFEST).exists():
        return read_manifest(folder)
    if (folder / PLAN).exists():
        return read_checksummed(folder / PLAN)
    if any(not path.name.startswith(".") for path in folder.iterdir()):
        raise InputError(f"--output {folder} holds other files: give a new or empty folder")
    return None


def note_plan(folder: Path, plan: dict[str, Any]) -> None:
    """Writes the plan into a folder, as the first of its files."""
    write_checksummed(folder / PLAN, plan, indent=2)


def check_same(folder: Path, noted: dict[str, Any], plan: dict[str, Any], part: str) -> None:
    """Compares the "parameters" or the "software" of two plans.

    Raises:
        InputError: They differ; the line names the first difference.
    """
    for name in {**plan[part], **noted[part]}:
        before, now = noted[part].get(name), plan[part].get(name)
        if before != now:
            was = f"{name} {before}, not {now}"
            if name == "source_names_sha256":
                was = "other files or labels"
            elif name == "groups_sha256":
                was = "other --groups"
            raise InputError(
                f"--output {folder} holds a conversion of {was}: "
                "give another folder, or delete this one"
            )


def _lines(source: Source, pictures: Sequence[int]) -> bytes:
    lines = (f"{source.names[i]}\t{source.sizes[i]}\n" for i in pictures)
    return _bytes("".join(lines))


def _bytes(names: str) -> bytes:
    """Names that are not UTF-8 keep their bytes."""
    return names.encode("utf-8", "surrogateescape")
