"""The manifest of a folder of records, written when all of its shards are finished."""

import hashlib
from pathlib import Path
from typing import Any

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.records.checksummed_json import read_checksummed, write_checksummed
from gan_knowledge_gaps.data.records.shard import shard_name

MANIFEST = "manifest.json"
FORMAT_VERSION = 1


def make_manifest(
    plan: dict[str, Any], source: dict[str, Any], indices: list[dict[str, Any]]
) -> dict[str, Any]:
    """Sums up a conversion.

    Args:
        plan: Its parameters, and the versions of what decoded and encoded.
        source: Description of where the pictures came from.
        indices: Of all shards, in order.
    """
    parameters = plan["parameters"]
    shape = (parameters["resolution"], parameters["resolution"], parameters["channels"])
    digests = [digest for index in indices for digest in index["pixels_sha256"]]
    return {
        "format": "TFRecord shards of tf.train.Example",
        "images": len(digests),
        "source_bytes_kept": sum(index["kept"] for index in indices),
        "labels": any("label" in index for index in indices),
        **({"groups": True} if any("group" in index for index in indices) else {}),
        "fingerprint": fingerprint(shape, digests),
        "source": source,
        **plan,
        "skipped": [each for index in indices for each in index["skipped"]],
        "shards": [
            {
                "name": shard_name(number, len(indices)),
                "images": index["images"],
                "bytes": index["bytes"],
                "sha256": index["sha256"],
            }
            for number, index in enumerate(indices)
        ],
    }


def fingerprint(shape: tuple[int, int, int], pixels_sha256: list[str]) -> str:
    """SHA-256 over the shape, the number of images, and each image's SHA-256, in order."""
    digest = hashlib.sha256("images {} {} {} {}\n".format(len(pixels_sha256), *shape).encode())
    digest.update("".join(pixels_sha256).encode())
    return digest.hexdigest()


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Writes the manifest; from now on the folder is complete."""
    write_checksummed(folder / MANIFEST, manifest, indent=2)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Reads the manifest.

    Raises:
        InputError: The folder has none, it is damaged, or of another version of the format.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise InputError(
            f"no {MANIFEST} in {folder}: give a folder that python -m data.convert has finished"
        )
    manifest = read_checksummed(path)
    parameters = manifest.get("parameters")
    version = parameters.get("format_version") if isinstance(parameters, dict) else None
    if version != FORMAT_VERSION:
        raise InputError(
            f"{path} is of format {version}, not {FORMAT_VERSION}: convert to another folder"
        )
    return manifest
