"""What `evaluate` and `explain` take: a detector, and sets of images."""

import dataclasses
import os
from pathlib import Path

import numpy as np
from absl import flags

from gan_knowledge_gaps import data
from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.data import Images, InputError, Joined, Opened, Subset
from gan_knowledge_gaps.data.errors import printable
from gan_knowledge_gaps.data.groups import CSV, check_rule, describe_groups
from gan_knowledge_gaps.data.groups import HELP as GROUPS_HELP
from gan_knowledge_gaps.metrics.prior import BALANCED
from gan_knowledge_gaps.training.flag_help import DATA, NEEDED, group
from gan_knowledge_gaps.training.progress import say


@dataclasses.dataclass(frozen=True, eq=False)
class EvaluationInputs:
    """A detector and sets of images of its size.

    Attributes:
        detector: as it was loaded.
        opened: where each set comes from, natural images first.
        natural: natural images.
        generated: images of each generator, by the name of its folder or file.
    """

    detector: Detector
    opened: list[Opened]
    natural: Images
    generated: dict[str, Images]

    @property
    def facts(self) -> dict[str, str]:
        """What stands beside every number of a report."""
        sets = [self.natural, *self.generated.values()]
        texts = [
            f"{len(images):,} of {opened.path}, {opened.jpeg_share:.0%} JPEG once"
            for images, opened in zip(sets, self.opened, strict=True)
        ]
        by_groups = self.opened[0].dataset.groups is not None
        return {
            "split": f"{flags.FLAGS.split}, by groups" if by_groups else flags.FLAGS.split,
            "natural images": texts[0],
            "generated images": "; ".join(texts[1:]),
            **self._fitting,
        }

    @property
    def _fitting(self) -> dict[str, str]:
        """How the detector's images are made of pictures."""
        size, patches = "x".join(map(str, self.detector.image_shape)), self.detector.patches
        if patches is not None:
            return {"patches of a picture": f"{patches.count} of {size}, in its own pixels"}
        return {"image size": size, "resize filter": self.opened[0].resize_filter}


EACH_GENERATOR = "of each generator a folder, a zip or records."


def define_sets(generated: str = EACH_GENERATOR) -> None:
    """Defines --natural, --generated and --groups; `generated` says what that flag takes."""
    flags.DEFINE_string(
        "natural", None, "Natural images: folder or zip of images, or folder of records."
    )
    flags.DEFINE_list("generated", [], f"Generated images, {generated}")
    with group(DATA):
        flags.DEFINE_string("groups", None, GROUPS_HELP)


def define_flags(limit: int) -> None:
    """Defines the flags of the sets, --detector, --split, --limit and --output."""
    with group(NEEDED):
        flags.DEFINE_string("detector", None, "Folder of the detector, or a .keras file.")
        define_sets()
        flags.DEFINE_string("output", None, "Folder of the report.")
    flags.DEFINE_enum(
        "split", "evaluation", ["evaluation", "train", "all"], "Which images of each set are taken."
    )
    flags.DEFINE_integer("limit", limit, "Most images of each set.", lower_bound=2)


def define_channels() -> None:
    """Defines --channels."""
    flags.DEFINE_integer("channels", 3, "Colour channels of the images: 1 (grey) or 3 (RGB).", 1, 3)


def define_common_size() -> None:
    """Defines --common_size."""
    flags.DEFINE_string(
        "common_size", None, "Pixels to which every image is brought first, so that images of "
        "several sizes come by one path; auto: the smallest side of any image.",
    )  # fmt: skip


def check_common_size(value: str | None) -> None:
    """Raises InputError unless --common_size is None, auto or a number of pixels."""
    if value not in (None, "auto") and not (value.isdecimal() and 8 <= int(value) <= 2**14):
        raise InputError(f"--common_size is {value}; it must be auto, or 8 ... 16384 pixels")


def chosen_common_size(value: str | None) -> int | None:
    """What --common_size stands for, in pixels; says what auto is.

    Raises:
        InputError: a set cannot be read, or the smallest picture of all is no size to use.
    """
    if value != "auto":
        return None if value is None else int(value)
    values = flags.FLAGS
    sets = [("--natural", values.natural), *(("--generated", each) for each in values.generated)]
    size, path = min((data.smallest_side(path, flag), path) for flag, path in sets)
    if size < 8:
        raise InputError(f"a picture of {path} has {size} pixels: give --common_size=PIXELS")
    say(f"every image is brought to {size}x{size} pixels first")
    return size


def check_sets_given() -> None:
    """Raises InputError where --natural or --generated is missing, or two sets are one."""
    if not flags.FLAGS.natural or not flags.FLAGS.generated:
        raise InputError("--natural and --generated (images) are needed")
    check_distinct(flags.FLAGS.natural, flags.FLAGS.generated)


def check_given() -> None:
    """Raises InputError where something is missing, or two sets are one."""
    values = flags.FLAGS
    if not all((values.detector, values.natural, values.generated, values.output)):
        raise InputError("--detector, --natural, --generated (images) and --output are needed")
    check_distinct(values.natural, values.generated)


def open_sets(
    resolution: int,
    channels: int,
    resize_filter: str | None,
    groups: str | None,
    common_size: int | None,
    patches: int | None = None,
) -> list[Opened]:
    """The images of --natural and of each of --generated; says which files are passed over.

    Args:
        resolution: height and width.
        channels: 1 or 3.
        resize_filter: "lanczos" or "box"; None for that of each set.
        groups: what the split keeps together; a rule of `data.groups.groups_of`, or None.
        common_size: what every image is brought to first; None for nothing.
        patches: that are cut of each picture; None to resize it.

    Raises:
        InputError: two of the sets are one, or cannot be read or split.
    """
    values = flags.FLAGS
    check_distinct(values.natural, values.generated)
    check_rule(groups)
    paths = [("--natural", values.natural), *(("--generated", each) for each in values.generated)]
    opened = [
        data.open_path(
            path,
            resolution,
            channels,
            resize_filter,
            flag,
            groups=groups,
            common_size=common_size,
            patches=patches,
        )
        for flag, path in paths
    ]
    for each in opened:
        if each.passed_over:
            say(each.passed_over)
        if each.dataset.groups is not None:
            say(f"{each.path}: {describe_groups(each.dataset.groups, each.dataset.parts[0])}")
    return opened


def open_inputs() -> EvaluationInputs:
    """What the command line names.

    Raises:
        InputError: something is missing, or cannot be read.
    """
    check_given()
    values = flags.FLAGS
    detector = load_detector(values.detector)
    size, _, channels = detector.image_shape
    groups = groups_of_training(detector, values.groups, values.split)
    common_size = detector.info.get("common_size")
    patches = detector.info.get("patches")
    opened = open_sets(size, channels, detector.resize_filter, groups, common_size, patches)
    natural, *generated = (chosen(each, values.split, values.limit) for each in opened)
    names = names_of(values.generated)
    return EvaluationInputs(detector, opened, natural, dict(zip(names, generated, strict=True)))


def groups_of_training(detector: Detector, given: str | None, split: str) -> str | None:
    """The rule of the split that a detector was trained with.

    Args:
        detector: any.
        given: --groups; needed where a .csv file has moved, or nothing is known of the training.
        split: --split.

    Raises:
        InputError: it is another rule, by which images that trained would evaluate.
    """
    trained = detector.info.get("groups")
    if given is None or split == "all" or "natural" not in detector.info:
        return given or trained
    if not same_rule(given, trained):
        by = f"with --groups={trained}" if trained else "without --groups"
        raise InputError(
            f"the detector was trained {by}: another split would evaluate it on images that "
            "trained it; leave --groups out, or give --split=all"
        )
    return given


def same_rule(given: str | None, trained: str | None) -> bool:
    """Whether two rules of `data.groups` may be one: a file may have moved, or have new rows."""
    if given == trained or given is None or trained is None:
        return given == trained
    return Path(given).suffix == Path(trained).suffix == CSV


def check_distinct(natural: str, generated: list[str]) -> None:
    """Raises InputError where two of the sets are the same folder or file."""
    real = [os.path.realpath(path) for path in (natural, *generated)]
    if real[0] in real[1:]:
        raise InputError(f"--generated names {natural}, the natural images: give others")
    if len(set(real)) < len(real):
        raise InputError("--generated names one path twice")


def names_of(paths: list[str]) -> list[str]:
    """The last part of each path, or as many of the last as tell them apart; printable."""
    parts = [Path(path).parts for path in paths]
    for count in range(1, max(map(len, parts), default=1)):
        if len({each[-count:] for each in parts}) == len(parts):
            return [printable(str(Path(*each[-count:]))) for each in parts]
    return [printable(path) for path in paths]


def define_prior(text: str) -> None:
    """Defines --prior."""
    flags.DEFINE_float(
        "prior", BALANCED, f"{text} Above 0 and below 1.", lower_bound=0.0, upper_bound=1.0
    )


def checked_prior(prior: float) -> float:
    """The share of generated images that --prior gives; InputError where it is no share of both."""
    if not 0 < prior < 1:
        raise InputError(
            f"--prior is {prior:g}; it is the share of generated images, above 0 and below 1"
        )
    return prior


def chosen(opened: Opened, split: str, limit: int) -> Images:
    """Images of a split: all, or a random choice of as many as asked for."""
    parts = {"train": [opened.dataset.train], "evaluation": [opened.dataset.evaluation]}
    parts["all"] = parts["train"] + parts["evaluation"]
    images = Joined(parts[split])
    if len(images) < 2:
        raise InputError(f"{opened.path} has too few images for --split={split}: give --split=all")
    return at_most(images, limit)


def at_most(images: Images, limit: int) -> Images:
    """All images, or a fixed random choice of as many as asked for, in their order."""
    if len(images) <= limit:
        return images
    return Subset(images, np.sort(data.permutation(len(images), 0)[:limit]))
