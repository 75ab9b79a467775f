"""Checks every byte of a folder of records: python -m data.verify FOLDER [--pixels]"""

import sys
from pathlib import Path

from absl import flags

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.folder import existing_folder
from gan_knowledge_gaps.data.records.manifest import read_manifest
from gan_knowledge_gaps.data.records.verification import check_pixels, damaged_shards
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import Progress, say


def define_flags() -> None:
    """Declares the command's flags."""
    with group(NEEDED):
        flags.DEFINE_string("folder", None, "Folder of records; --folder= may be left out.")
    flags.DEFINE_boolean("pixels", False, "Decode every image, too.")


def main() -> None:
    """Verifies as the flags say."""
    if flags.FLAGS.folder is None:
        raise InputError("no folder is given: python -m data.verify FOLDER")
    folder = existing_folder(flags.FLAGS.folder, "--folder")
    manifest = read_manifest(folder)
    _check(folder, manifest)
    print(f"{folder}: {manifest['images']:,} images in {len(manifest['shards'])} shards are sound")


def _check(folder: Path, manifest: dict) -> None:
    with Progress("verify", manifest["images"], unit="images") as progress:
        damage = damaged_shards(folder, progress.advance)
    for line in damage:
        say(line)
    if damage:
        raise InputError(
            f"{len(damage)} of {len(manifest['shards'])} shards are damaged: the same "
            "python -m data.convert makes them again"
        )
    if flags.FLAGS.pixels:
        with Progress("decode", manifest["images"], unit="images") as progress:
            check_pixels(folder, progress.advance)


if __name__ == "__main__":
    define_flags()
    # The shared command line knows flags only.
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        sys.argv[1] = f"--folder={sys.argv[1]}"
    command.run(main)
