"""The flags that every experiment shares, declared once, and the lab that they describe."""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import flags

import data
from data import Dataset, InputError
from data.listing import passed_over_line
from data.sources import open_images
from evaluation.config import INCEPTION
from lab.config import IMAGES, LabConfig, presets
from lab.executors import choice
from lab.lab import Lab
from lab.quality import ExtractorMetric, open_metric
from lab.store.cache import DEFAULT_BYTES, GIGABYTE
from training.config import define_flags, override
from training.distribution import define_replicas, make_strategy
from training.family import PRESET_NAMES
from training.progress import say

BOTH = "both"  # of the paper's settings, one after the other


def define(settings: Sequence[str]) -> None:
    """Declares the shared flags, and those of the networks' trainings.

    Args:
        settings: those that the experiment is for, families of GANs; the first is the default.
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
    if settings[0] != IMAGES:
        flags.DEFINE_enum("dataset", "digits", sorted(data.DATASETS), "Natural images.")
        flags.DEFINE_string("data_dir", None, "Folder of the data set's files, where it has any.")
        flags.DEFINE_integer(
            "planned_images", None, "With --dry_run, in place of --dataset: so many natural images "
            "that are not here yet; 70000 for FFHQ or MNIST.", lower_bound=5,
        )  # fmt: skip
    flags.DEFINE_enum(
        "preset", "quick", PRESET_NAMES,
        "quick: minutes on a laptop; reduced: hours on 2 cores; paper: the paper's numbers.",
    )  # fmt: skip
    flags.DEFINE_string(
        "features", None, "What the Fréchet distance is taken over: random-vgg16, inception, or a "
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
    choice.define()
    named = [name for name in settings if name != BOTH]
    for part, configs in _parts(named).items():
        define_flags(part, configs)


def _parts(settings: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The presets of each part of the settings, by the prefix of its flags.

    Where parts of two settings have one name and nothing else in common, it is the chosen one's.
    """
    parts: dict[str, dict[str, Any]] = {}
    for setting in sorted(settings, key=lambda name: name != _named_setting(settings)):
        for preset, config in presets(setting).items():
            for name, part in config.parts.items():
                known = parts.setdefault(name, {f"{setting} {preset}": part})
                if type(next(iter(known.values()))) is type(part):
                    known[f"{setting} {preset}"] = part
    return parts


def _named_setting(settings: Sequence[str]) -> str:
    """The setting that the command line names, before its flags are declared."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--setting", "-setting", default=settings[0], nargs="?")
    return parser.parse_known_args(sys.argv[1:])[0].setting


def preset() -> LabConfig:
    """The chosen preset of the chosen setting."""
    return presets(flags.FLAGS.setting)[flags.FLAGS.preset]


def chosen_config() -> LabConfig:
    """The preset with the fields overridden that were given as flags.

    Raises:
        InputError: a flag is another setting's.
    """
    values = flags.FLAGS
    config = preset()
    for part, configs in _parts(_settings()).items():
        if part not in config.parts:
            _refuse(part, next(iter(configs.values())))
    return config.with_parts(
        {name: override(part, name, values) for name, part in config.parts.items()}
    )


def _settings() -> list[str]:
    """The settings whose flags are declared."""
    return [name for name in flags.FLAGS["setting"].parser.enum_values if name != BOTH]


def _refuse(part: str, config: Any) -> None:
    """Raises InputError if a flag of a part was given."""
    for field in dataclasses.fields(config):
        name = f"{part}_{field.name}"
        if flags.FLAGS[name].value is not None:
            raise InputError(f"--{name} has no meaning with --setting={flags.FLAGS.setting}")


def open_lab(dataset: Dataset | None = None) -> Lab:
    """The lab that the flags describe.

    Args:
        dataset: natural images; None for those that the flags name.

    Raises:
        InputError: they do not agree with each other, or with this machine's memory and devices.
    """
    values = flags.FLAGS
    config = chosen_config()
    strategy = make_strategy(values.cpu_replicas)
    for family in config.families:
        family.check_replicas(strategy.num_replicas_in_sync)
    return Lab(
        Path(values.workdir),
        dataset or chosen_dataset(config.families[0].image_shape),
        config,
        strategy,
        quality=chosen_quality(),
        cache_bytes=round(values.cache_gb * GIGABYTE),
    )


def chosen_dataset(shape: tuple[int, int, int]) -> Dataset:
    """The natural images, of a size and so many colours."""
    values, (resolution, _, channels) = flags.FLAGS, shape
    if values.planned_images is not None:
        if not values.dry_run or values.data_dir:
            raise InputError("--planned_images goes with --dry_run, and without --data_dir")
        return data.planned(values.planned_images, resolution, channels)
    dataset = data.load(values.dataset, values.data_dir, resolution=resolution, channels=channels)
    if values.dataset == "folder":
        line = passed_over_line(open_images(values.data_dir).passed_over, values.data_dir)
        if line:
            say(line)
    return dataset


def chosen_quality() -> ExtractorMetric | None:
    """What measures the images' quality, if it was asked for."""
    values = flags.FLAGS
    if values.inception and values.features not in (None, INCEPTION):
        raise InputError(f"--inception goes with --features=inception, not {values.features}")
    name = values.features or (INCEPTION if values.inception else None)
    return None if name is None else open_metric(name, values.inception)
