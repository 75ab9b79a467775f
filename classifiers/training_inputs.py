"""What trainings on a user's own images have in common: flags, checks, the audit, the split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from absl import flags

from gan_knowledge_gaps import data
from gan_knowledge_gaps.classifiers.audit import check_strict, define_strict
from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig
from gan_knowledge_gaps.classifiers.config import (
    DETECTOR,
    FINE_TUNED,
    MOST_VALIDATION,
    ClassifierConfig,
    validation_count,
)
from gan_knowledge_gaps.classifiers.evaluation_inputs import (
    EACH_GENERATOR,
    check_common_size,
    define_channels,
    define_common_size,
    define_sets,
    names_of,
    open_sets,
)
from gan_knowledge_gaps.classifiers.models import ARCHITECTURES, check_architecture
from gan_knowledge_gaps.classifiers.pretrained import NONE, check_weights, recorded_weights
from gan_knowledge_gaps.data import Images, InputError, Opened, Subset, read_json, write_json
from gan_knowledge_gaps.data.groups import check_rule, recorded
from gan_knowledge_gaps.data.json_files import OBJECT
from gan_knowledge_gaps.data.split import taken_groups
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.config import define_flags, override, to_json
from gan_knowledge_gaps.training.distribution import check_batch_size, define_replicas
from gan_knowledge_gaps.training.flag_help import NEEDED, TRAINING, group
from gan_knowledge_gaps.training.memory import check_memory
from gan_knowledge_gaps.training.profiling import define_profile
from gan_knowledge_gaps.training.run_folder import begin_or_go_on

if TYPE_CHECKING:
    import tensorflow as tf

    from gan_knowledge_gaps.classifiers.training import SupervisedTask

VALIDATION_KEY = 1  # of the choice of groups
AUDIT = "audit.json"  # of the run's start


def define_training(generated: str = EACH_GENERATOR) -> None:
    """Defines the flags of the run, its images, network, size, weights, audit and execution.

    Args:
        generated: what --generated takes.
    """
    with group(NEEDED):
        flags.DEFINE_string("run", None, "Folder of the run: a new one, or one to go on with.")
        define_sets(generated)
    flags.DEFINE_enum("architecture", "mobilenet_v2", ARCHITECTURES, "The network.")
    flags.DEFINE_string(
        "weights",
        NONE,
        "Weights that the training begins with, by a linear probe on them: none, imagenet (Keras "
        f"downloads them), a file of them, or a detector; learns at {FINE_TUNED.learning_rate:g}.",
    )
    flags.DEFINE_integer("resolution", 64, "Height and width of the images.", lower_bound=8)
    define_channels()
    flags.DEFINE_enum("filter", "lanczos", ["lanczos", "box"], "How images are resized.")
    flags.DEFINE_integer("seed", 0, "Seed of weights, data order and augmentation.", lower_bound=0)
    define_common_size()
    define_strict()
    define_replicas()
    define_profile()
    with group(TRAINING):
        define_flags("classifier", DETECTOR)
        define_flags("augmentation", AugmentationConfig())


def folder_given() -> Path:
    """The folder of --run; InputError unless it and both kinds of images are given."""
    values = flags.FLAGS
    if not values.run or not values.natural or not values.generated:
        raise InputError("--run (a folder), --natural and --generated (images) are needed")
    return Path(values.run)


def configured(
    defaults: ClassifierConfig, has_network: bool = False
) -> tuple[ClassifierConfig, AugmentationConfig]:
    """What the flags configure, checked before anything is built or read.

    Args:
        defaults: of the classifier, where no flag is given.
        has_network: whether there is a network already, so that none is built.

    Raises:
        InputError: a flag cannot be right.
    """
    values = flags.FLAGS
    config = override(defaults, "classifier", values)
    augmentation = override(AugmentationConfig(), "augmentation", values)
    shape = (values.resolution, values.resolution, values.channels)
    if not has_network:
        check_architecture(values.architecture, shape, config.width, config.enlarge)
        check_weights(values.weights, values.architecture, values.channels, config.width)
    check_rule(values.groups)
    check_common_size(values.common_size)
    return config, augmentation


def check_batch(config: ClassifierConfig, strategy: tf.distribute.Strategy) -> None:
    """Raises InputError unless batches fit the replicas and this machine."""
    values = flags.FLAGS
    check_batch_size(config.batch_size, strategy)
    check_memory(
        4 * config.batch_size * values.resolution**2 * values.channels,
        f"--classifier_batch_size={config.batch_size} at --resolution={values.resolution}",
    )


def open_training(common_size: int | None, patches: int | None = None) -> list[Opened]:
    """The images of --natural and of each of --generated, as `open_sets` gives them.

    Args:
        common_size: that every image is brought to first, or None.
        patches: that are cut of each picture; None to resize it.
    """
    values = flags.FLAGS
    how = values.resolution, values.channels, values.filter, values.groups
    return open_sets(*how, common_size, patches)


def recorded_settings(
    config: ClassifierConfig,
    augmentation: AugmentationConfig,
    opened: list[Opened],
    common_size: int | None,
) -> dict[str, Any]:
    """What makes a run and its model: with other values it is another run. JSON values.

    Args:
        config, augmentation: the training's.
        opened: natural images, then those of each of --generated.
        common_size: that every image is brought to first, or None.
    """
    values, rule = flags.FLAGS, recorded(flags.FLAGS.groups)
    natural, *generated = (each.dataset.fingerprint for each in opened)
    settings = {
        "architecture": values.architecture, "resolution": values.resolution,
        "channels": values.channels, "filter": values.filter, "seed": values.seed,
        "natural": natural, "generated": generated,
    }  # fmt: skip
    settings |= {"groups": rule} if rule else {}
    settings |= recorded_weights(values.weights)
    settings |= {"classifier": to_json(config), "augmentation": augmentation.recorded}
    return settings | ({"common_size": common_size} if common_size else {})


def held_back(images: Images, groups: np.ndarray | None = None) -> tuple[Images, Images]:
    """Training images without, and with only, those that tell when the training has converged.

    Args:
        images: that train.
        groups: of each, str [N], which stay together: about a tenth of them is held back.

    Raises:
        InputError: there are too few.
    """
    count = validation_count(len(images))
    if not count:
        raise InputError(f"{len(images)} training images are too few; give at least 13 of each")
    if groups is not None:
        held = taken_groups(groups, 0.1, VALIDATION_KEY)
        chosen = np.flatnonzero(held)
        chosen = np.sort(chosen[data.permutation(len(chosen), 0)[:MOST_VALIDATION]])
        return Subset(images, np.flatnonzero(~held)), Subset(images, chosen)
    order = data.permutation(len(images), 0)
    return Subset(images, np.sort(order[count:])), Subset(images, np.sort(order[:count]))


def first_audit(folder: Path, resized: Callable[[], list[Opened]], common_size: int | None) -> dict:
    """The short form of `classifiers.audit`, said; of a run that goes on, that of its start.

    Args:
        folder: of the run.
        resized: gives natural images, then those of each of --generated; not asked for a second
            time when a run goes on.
        common_size: that every image is brought to first, or None.

    Raises:
        InputError: it warns, and --strict is given.
    """
    from gan_knowledge_gaps.classifiers.auditing.audit import audit, warn

    if (folder / AUDIT).exists():
        content = read_json(folder / AUDIT, {"findings": [OBJECT]}, "delete it")
    else:
        content, _ = audit(resized(), names_of(flags.FLAGS.generated), common_size)
    warn(content)
    check_strict(content)
    return content


def begin(
    folder: Path, settings: dict[str, Any], audited: dict, strategy: tf.distribute.Strategy
) -> bool:
    """Makes the run's folder, or goes on with it; whether this process is the chief, which writes.

    To be called once everything is built, so that a command that was refused stands in the way of
    none that is right.

    Args:
        folder: of the run.
        settings: what makes it.
        audited: of its start.
        strategy: that it is trained with.
    """
    from gan_knowledge_gaps.training.workers import Workers

    is_chief = Workers(strategy).is_chief
    if is_chief:
        begin_or_go_on(folder, settings)
        write_json(folder / AUDIT, audited)
    return is_chief


def train_to_the_end(
    task: SupervisedTask, steps: int, every: int, folder: Path, strategy: tf.distribute.Strategy
) -> float:
    """Trains, and gives the task's model its best weights; the seconds that it took in all.

    Args:
        task: what is trained.
        steps: of the whole training.
        every: steps from one line of the log to the next.
        folder: of the run.
        strategy: that it is trained with.
    """
    from gan_knowledge_gaps.training.loop import Loop, LoopConfig

    config = LoopConfig(log_every=every, sample_every=0, profile=flags.FLAGS.profile)
    loop = Loop(task, steps, folder, label=folder.name, strategy=strategy, config=config)
    loop.run()
    task.finish()
    return loop.seconds


def described_sets(opened: list[Opened]) -> dict[str, Any]:
    """What a trained model's folder says of its images and of its making; JSON values."""
    natural, *generated = (
        {
            "path": each.path, "images": each.files, "jpeg_files": each.jpeg_files,
            "fingerprint": each.dataset.fingerprint,
        }
        for each in opened
    )  # fmt: skip
    return {"natural": natural, "generated": generated, "command": command_line()}
