"""The flags that every experiment shares, declared once."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from absl import flags

import data
from data import Dataset, InputError
from data.listing import passed_over_line
from data.sources import open_images
from evaluation.extractors import INCEPTION
from experiments.cache import DEFAULT_BYTES, GIGABYTE
from experiments.executors import choice
from experiments.judge import ExtractorJudge, open_judge
from experiments.settings import PRESET_NAMES, SETTINGS, Setting
from training.config import define_flags, override
from training.distribution import define_replicas
from training.progress import say


def define(settings: Sequence[str]) -> None:
    """Declares the shared flags, and those of the networks' trainings.

    Args:
        settings: those that the experiment is for; the first is the default.
    """
    flags.DEFINE_enum(
        "setting", settings[0], settings, "dcgan: MNIST and a small CNN; stylegan2: detectors."
    )
    flags.DEFINE_string("workdir", "runs", "Folder of artifacts and results; experiments share it.")
    flags.DEFINE_string(
        "results", None, "Folder for the results; default: <workdir>/results/<what was run>."
    )
    flags.DEFINE_boolean(
        "natural_samples", True,
        "Show natural images in the results; not where they may not be handed on.",
    )  # fmt: skip
    flags.DEFINE_enum("dataset", "digits", sorted(data.DATASETS), "Natural images.")
    flags.DEFINE_string("data_dir", None, "Folder of the data set's files, where it has any.")
    flags.DEFINE_enum(
        "preset", "quick", PRESET_NAMES,
        "quick: minutes on a laptop; reduced: hours on 2 cores; paper: the paper's numbers.",
    )  # fmt: skip
    flags.DEFINE_string(
        "features", None, "What the frechet distance is taken over: random-vgg16, inception, or a "
        ".keras file of features. Default: a digit classifier for the DCGAN on labelled images, "
        "else random-vgg16.",
    )  # fmt: skip
    flags.DEFINE_string(
        "inception", None, "Path of inception-2015-12-05.tgz or its .pb file, for the FID."
    )
    flags.DEFINE_float(
        "cache_gb", DEFAULT_BYTES / GIGABYTE, "Disk for generated images, logits and statistics, "
        "which can be computed again: at most so many GB in the workdir.", lower_bound=0.0,
    )  # fmt: skip
    flags.DEFINE_integer("seed", 0, "Seed of all instances.", lower_bound=0)
    define_replicas()
    flags.DEFINE_boolean("dry_run", False, "List what would be trained, and train nothing.")
    flags.DEFINE_integer(
        "planned_images", None, "With --dry_run, in place of --dataset: so many natural images "
        "that are not here yet; 70000 for FFHQ or MNIST.", lower_bound=5,
    )  # fmt: skip
    choice.define()
    for part, presets in _parts().items():
        define_flags(part, presets)


def _parts() -> dict[str, dict[str, Any]]:
    """The presets of each part of the settings, by the prefix of its flags."""
    parts: dict[str, dict[str, Any]] = {}
    for setting, presets in SETTINGS.items():
        for preset, each in presets.items():
            for field in dataclasses.fields(each):
                name = f"{setting} {preset}"
                parts.setdefault(field.name, {})[name] = getattr(each, field.name)
    return parts


def chosen_setting() -> Setting:
    """The preset's setting with the fields overridden that were given as flags.

    Raises:
        InputError: a flag is another setting's.
    """
    values = flags.FLAGS
    preset = SETTINGS[values.setting][values.preset]
    ours = {field.name: getattr(preset, field.name) for field in dataclasses.fields(preset)}
    for part, presets in _parts().items():
        if part not in ours:
            _refuse(part, next(iter(presets.values())))
    return type(preset)(**{name: override(part, name, values) for name, part in ours.items()})


def _refuse(part: str, config: Any) -> None:
    """Raises InputError if a flag of a part was given."""
    for field in dataclasses.fields(config):
        name = f"{part}_{field.name}"
        if flags.FLAGS[name].value is not None:
            raise InputError(f"--{name} has no meaning with --setting={flags.FLAGS.setting}")


def chosen_dataset(setting: Setting) -> Dataset:
    """The natural images, of the setting's size and colours."""
    values = flags.FLAGS
    if values.planned_images is not None:
        if not values.dry_run or values.data_dir:
            raise InputError("--planned_images goes with --dry_run, and without --data_dir")
        return data.planned(values.planned_images, setting.resolution, setting.channels)
    dataset = data.load(
        values.dataset, values.data_dir, resolution=setting.resolution, channels=setting.channels
    )
    if values.dataset == "folder":
        line = passed_over_line(open_images(values.data_dir).passed_over, values.data_dir)
        if line:
            say(line)
    return dataset


def chosen_judge() -> ExtractorJudge | None:
    """What measures the images' quality, if it was asked for."""
    values = flags.FLAGS
    if values.inception and values.features not in (None, INCEPTION):
        raise InputError(f"--inception goes with --features=inception, not {values.features}")
    name = values.features or (INCEPTION if values.inception else None)
    return None if name is None else open_judge(name, values.inception)
