"""Converts images to TFRecord shards.

    python -m data.convert --source=FOLDER --output=FOLDER --resolution=256

The source is a folder of images at any depth (FFHQ's `images1024x1024` and `thumbnails128x128` as
they are published), a zip file of images, or a folder with MNIST's four idx files. Labels are those
of a dataset.json in it, or, with `--labels=folders`, its sub-folders. Killed or stopped, the same
command goes on; run again on a finished folder, it repairs damaged shards.
"""

import math

from absl import flags

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.groups import HELP as GROUPS_HELP
from gan_knowledge_gaps.data.groups import check_rule, describe_groups
from gan_knowledge_gaps.data.labels import CHOICES, FOLDERS, describe_labels
from gan_knowledge_gaps.data.listing import passed_over_line
from gan_knowledge_gaps.data.records.conversion import Conversion
from gan_knowledge_gaps.data.records.options import ConvertOptions
from gan_knowledge_gaps.data.resize import CROPS, FILTERS
from gan_knowledge_gaps.data.split import split_groups
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.memory import check_memory
from gan_knowledge_gaps.training.progress import Progress, say
from gan_knowledge_gaps.training.signals import Interrupted, stop_request


def define_flags() -> None:
    """Declares the command's flags."""
    with group(NEEDED):
        flags.DEFINE_string("source", None, "Folder or zip file of images, or MNIST's idx folder.")
        flags.DEFINE_string(
            "output", None,
            "Folder for the records: a new one, or one that this command began, and goes on with.",
        )  # fmt: skip
        flags.DEFINE_integer("resolution", None, "Height and width of the images, in pixels.", 1)
    flags.DEFINE_integer("channels", 3, "Colour channels of the images: 1 (grey) or 3 (RGB).", 1, 3)
    flags.DEFINE_enum(
        "filter", "lanczos", sorted(FILTERS),
        "How pictures are resized; Fréchet distances depend on it.",
    )  # fmt: skip
    flags.DEFINE_enum(
        "crop", "center", CROPS, "What becomes of pictures that are not square: center takes the "
        "square in their middle, none refuses them.",
    )  # fmt: skip
    flags.DEFINE_enum(
        "labels", None, CHOICES, "Where labels come from. dataset.json: StyleGAN2-ADA's file in "
        "the source, which is the default where there is one; folders: each sub-folder is a class, "
        "in the order of names.",
    )  # fmt: skip
    flags.DEFINE_string("groups", None, f"{GROUPS_HELP} The records keep the groups.")
    flags.DEFINE_integer("limit", None, "Take only the first so many pictures.", 1)
    flags.DEFINE_boolean("skip_bad", False, "Leave out pictures that cannot be read, and go on.")
    flags.DEFINE_integer("shards", None, "Number of files; without it, by --shard_megabytes.", 1)
    flags.DEFINE_integer(
        "shard_megabytes", 400, "Most megabytes of pixels in a file; never over 4,096 images.", 1
    )


def main() -> None:
    """Converts as the flags say."""
    values = flags.FLAGS
    for name in ("source", "output", "resolution"):
        if values[name].value is None:
            raise InputError(f"--{name} is missing: give --source, --output and --resolution")
    options = ConvertOptions(
        source=values.source,
        output=values.output,
        resolution=values.resolution,
        channels=values.channels,
        resize_filter=values.filter,
        crop=values.crop,
        shards=values.shards,
        shard_megabytes=values.shard_megabytes,
        limit=values.limit,
        skip_bad=values.skip_bad,
        labels=values.labels,
        groups=values.groups,
    )
    check_rule(options.groups)
    check_memory(math.prod(options.crop_resize.shape), f"--resolution={options.resolution}")
    manifest = _convert(options)
    shards, bad = manifest["shards"], len(manifest["skipped"])
    print(
        f"{options.output}: {manifest['images']:,} images in {len(shards)} shards, "
        f"{sum(shard['bytes'] for shard in shards) / 1e6:.1f} MB from "
        f"{manifest['source']['bytes'] / 1e6:.1f} MB" + (f"; {bad} bad left out" if bad else "")
    )


def _convert(options: ConvertOptions) -> dict:
    with (
        Conversion(options) as conversion,
        Progress("convert", conversion.total, conversion.done, "images") as progress,
        stop_request() as stop,
    ):

        def advance() -> None:
            progress.advance()
            if stop:
                raise Interrupted(stop.number)

        source = conversion.source
        if source.passed_over:
            say(passed_over_line(source.passed_over, options.source))
        if source.labels is not None:
            names = source.names if options.labels == FOLDERS else ()
            say(describe_labels(source.labels[: conversion.total], names))
        if conversion.groups is not None:
            groups = conversion.groups[: conversion.total]
            say(describe_groups(groups, split_groups(groups)[0]))
        return conversion.run(advance, say)


if __name__ == "__main__":
    define_flags()
    command.run(main)
