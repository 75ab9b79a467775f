"""The flags that every experiment shares, declared once, and the lab that they describe."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from absl import flags

from gan_knowledge_gaps import data
from gan_knowledge_gaps.data import Dataset, InputError
from gan_knowledge_gaps.data.groups import HELP as GROUPS_HELP
from gan_knowledge_gaps.data.groups import check_rule, describe_groups
from gan_knowledge_gaps.data.listing import passed_over_line
from gan_knowledge_gaps.data.sources import open_images
from gan_knowledge_gaps.evaluation.config import INCEPTION
from gan_knowledge_gaps.lab.config import IMAGES, LabConfig, presets
from gan_knowledge_gaps.lab.executors import choice
from gan_knowledge_gaps.lab.store.cache import DEFAULT_BYTES, GIGABYTE
from gan_knowledge_gaps.training.config import define_flags, override
from gan_knowledge_gaps.training.distribution import define_replicas, make_strategy
from gan_knowledge_gaps.training.family import PRESET_NAMES
from gan_knowledge_gaps.training.flag_help import (
    DATA,
    EXECUTION,
    HIDDEN,
    NEEDED,
    TRAINING,
    group,
    named,
)
from gan_knowledge_gaps.training.profiling import define_profile
from gan_knowledge_gaps.training.progress import say

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab
    from gan_knowledge_gaps.lab.quality import ExtractorMetric

SETTING_HELP = (
    "dcgan: MNIST and a small CNN; stylegan2: detectors. --setting=NAME --help shows its flags."
)
BOTH = "both"  # of the paper's settings, one after the other


def define(settings: Sequence[str]) -> None:
    """Declares the shared flags, and those of the networks' trainings.

    Args:
        settings: those that the experiment is for, families of GANs; the first is the default.
    """
    setting = named("setting", settings[0], settings)
    with group(NEEDED):
        with group(NEEDED if len(settings) > 1 else HIDDEN):
            flags.DEFINE_enum("setting", settings[0], settings, SETTING_HELP)
        flags.DEFINE_enum(
            "preset", "quick", PRESET_NAMES,
            "quick: minutes on a laptop; reduced: hours on 2 cores; node: a week on 8 GPUs, of the "
            "DCGAN a day on 16 cores; paper: the paper's numbers.",
        )  # fmt: skip
        flags.DEFINE_string(
            "workdir", "runs", "Folder of artifacts and results; experiments share it."
        )
        flags.DEFINE_boolean(
            "dry_run", False, "Train nothing: measure a step of each kind of training, and say "
            "what would be trained, how long it would take, and how much disk.",
        )  # fmt: skip
    if IMAGES not in settings:
        _define_data()
    flags.DEFINE_string(
        "results", None, "Folder for the results; default: <workdir>/results/<what was run>."
    )
    flags.DEFINE_boolean(
        "natural_samples", True,
        "Show natural images in the results; not where they may not be handed on.",
    )  # fmt: skip
    flags.DEFINE_string(
        "features", None, "What the Fréchet distance is taken over: random-vgg16, inception, or a "
        ".keras file of features. Default: a digit classifier for the DCGAN on labelled images, "
        "else random-vgg16.",
    )  # fmt: skip
    flags.DEFINE_string(
        "inception",
        None,
        "Path of inception-2015-12-05.tgz, its .pb file, or pytorch-fid's .pth "
        "file of the same weights, for the FID.",
    )
    flags.DEFINE_integer("seed", 0, "Seed of all instances.", lower_bound=0)
    with group(EXECUTION):
        choice.define()
        define_replicas()
        define_profile()
        flags.DEFINE_float(
            "cache_gb", DEFAULT_BYTES / GIGABYTE, "Disk for generated images, logits and "
            "statistics, which can be computed again: at most so many GB in the workdir.",
            lower_bound=0.0,
        )  # fmt: skip
    shown = _preset_for_help(setting).parts if setting != BOTH else {}
    with group(TRAINING):
        flags.DEFINE_boolean(
            "classifier_converge", None, "Classifiers train until their validation loss stops "
            f"falling, for classifier_epochs at most. [{_converges(settings)}]",
        )  # fmt: skip
    for part, config in _parts([name for name in settings if name != BOTH]).items():
        with group(TRAINING if part in shown else HIDDEN):
            define_flags(part, shown.get(part, config))


def _converges(settings: Sequence[str]) -> bool:
    """Whether the classifiers of the preset that the command line names do, for help."""
    setting = named("setting", settings[0], settings)
    setting = next(name for name in (setting, *settings) if name != BOTH)
    return _preset_for_help(setting).converge


def _preset_for_help(setting: str) -> LabConfig:
    """The preset that the command line names, or the first if the setting lacks it."""
    known = presets(setting)
    return known[named("preset", "quick", list(known))]


def _define_data() -> None:
    """Declares the flags of the natural images."""
    with group(DATA):
        flags.DEFINE_enum("dataset", "digits", sorted(data.DATASETS), "Natural images.")
        flags.DEFINE_string("data_dir", None, "Folder of the data set's files, where it has any.")
        flags.DEFINE_string("groups", None, GROUPS_HELP)
        flags.DEFINE_integer(
            "planned_images", None, "With --dry_run, in place of --dataset: so many natural images "
            "that are not here yet; 70000 for FFHQ or MNIST.", lower_bound=5,
        )  # fmt: skip


def _parts(settings: Sequence[str]) -> dict[str, Any]:
    """A configuration of each part of the settings, by the prefix of its flags.

    Where parts of two settings have one name and nothing else in common, it is the chosen one's.
    """
    chosen = named("setting", settings[0], settings)
    parts: dict[str, Any] = {}
    for setting in sorted(settings, key=lambda name: name != chosen):
        for name, config in presets(setting)[PRESET_NAMES[0]].parts.items():
            parts.setdefault(name, config)
    return parts


def preset() -> LabConfig:
    """The chosen preset of the chosen setting.

    Raises:
        InputError: the setting has no preset of that name.
    """
    values = flags.FLAGS
    known = presets(values.setting)
    if values.preset not in known:
        raise InputError(
            f"--preset={values.preset}: {values.setting} has {', '.join(known)}; give one of these"
        )
    return known[values.preset]


def chosen_config() -> LabConfig:
    """The preset with the fields overridden that were given as flags.

    Raises:
        InputError: a flag is another setting's.
    """
    values = flags.FLAGS
    config = preset()
    for part, known in _parts(_settings()).items():
        if part not in config.parts:
            _refuse(part, known)
    if values.classifier_converge is not None:
        config = dataclasses.replace(config, converge=values.classifier_converge)
    return config.with_parts(
        {name: override(part, name, values) for name, part in config.parts.items()}
    )


def _settings() -> list[str]:
    """The settings whose flags are declared."""
    parser = cast(flags.EnumParser, flags.FLAGS["setting"].parser)
    return [name for name in parser.enum_values if name != BOTH]


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
    _check_flags()
    choice.check_flags()
    from gan_knowledge_gaps.lab.lab import Lab
    from gan_knowledge_gaps.training.loop import LoopConfig

    strategy = make_strategy(values.cpu_replicas)
    for family in config.families:
        family.check_replicas(strategy.num_replicas_in_sync)
    return Lab(
        Path(values.workdir),
        dataset or chosen_dataset(config.families[0].image_shape),
        config,
        strategy,
        LoopConfig(profile=values.profile),
        quality=chosen_quality(),
        cache_bytes=round(values.cache_gb * GIGABYTE),
    )


def _check_flags() -> None:
    """Raises InputError where flags contradict each other."""
    values = flags.FLAGS
    planned = IMAGES not in _settings() and values.planned_images is not None
    if planned and (not values.dry_run or values.data_dir):
        raise InputError("--planned_images goes with --dry_run, and without --data_dir")
    check_rule(values.groups)
    if values.inception and values.features not in (None, INCEPTION):
        raise InputError(f"--inception goes with --features=inception, not {values.features}")


def chosen_dataset(shape: tuple[int, int, int]) -> Dataset:
    """The natural images, of a size and so many colours."""
    values, (resolution, _, channels) = flags.FLAGS, shape
    if values.planned_images is not None:
        return data.planned(values.planned_images, resolution, channels)
    dataset = data.load(
        values.dataset, values.data_dir, resolution=resolution, channels=channels,
        groups=values.groups,
    )  # fmt: skip
    if dataset.groups is not None:
        say(describe_groups(dataset.groups, dataset.parts[0]))
    if values.dataset == "folder":
        line = passed_over_line(open_images(values.data_dir).passed_over, values.data_dir)
        if line:
            say(line)
    return dataset


def chosen_quality() -> ExtractorMetric | None:
    """What measures the images' quality, if it was asked for."""
    values = flags.FLAGS
    name = values.features or (INCEPTION if values.inception else None)
    if name is None:
        return None
    from gan_knowledge_gaps.lab.quality import open_metric

    return open_metric(name, values.inception)
