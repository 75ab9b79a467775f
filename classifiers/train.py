"""Trains a detector on natural and generated images of your own.

    python -m classifiers.train --run=runs/detector --natural=faces.zip --generated=generated \\
        --architecture=mobilenet_v2 --resolution=64
    python -m classifiers.train --run=runs/detector --natural=ffhq256 --generated=gan1,gan2,gan3 \\
        --architecture=resnet50 --resolution=256

`--natural` and each of `--generated`, one for each generator, are a folder or zip of images, or a
folder of records. All of them are cropped, resized and encoded by the same code with the same
numbers. Four fifths of each train; of these some are held back to tell when the training has
converged and to calibrate; the last fifth is for the metrics at the end. With `--groups` images of
one person, source or video stay together in all of this.

Before it trains, a short form of `classifiers.audit` warns of what would be learnt in place of the
generator's traces. The run's folder holds config.json, audit.json, metrics.jsonl, checkpoints/ and
at the end the detector: model.keras and detector.json. The same command goes on where it was
stopped.
"""

import dataclasses
from pathlib import Path

import numpy as np
from absl import flags

from gan_knowledge_gaps import data
from gan_knowledge_gaps.classifiers.audit import check_strict, define_strict
from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig
from gan_knowledge_gaps.classifiers.baseline import Baseline, baseline_line, fit_baseline
from gan_knowledge_gaps.classifiers.config import (
    DETECTOR,
    FINE_TUNED,
    MOST_VALIDATION,
    validation_count,
)
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.evaluation_inputs import (
    check_common_size,
    check_distinct,
    chosen_common_size,
    define_common_size,
    define_sets,
    names_of,
    open_sets,
)
from gan_knowledge_gaps.classifiers.models import ARCHITECTURES, check_architecture
from gan_knowledge_gaps.classifiers.pretrained import (
    NONE,
    begin_with,
    check_weights,
    recorded_weights,
)
from gan_knowledge_gaps.data import (
    Images,
    InputError,
    Joined,
    Opened,
    Subset,
    read_json,
    write_json,
)
from gan_knowledge_gaps.data.groups import check_rule, recorded
from gan_knowledge_gaps.data.json_files import OBJECT
from gan_knowledge_gaps.data.split import taken_groups
from gan_knowledge_gaps.metrics import detection_metrics
from gan_knowledge_gaps.metrics.calibration import fit_temperature
from gan_knowledge_gaps.metrics.prior import BALANCED, prior_weights
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.config import define_flags, override, to_json
from gan_knowledge_gaps.training.distribution import (
    check_batch_size,
    define_replicas,
    make_strategy,
)
from gan_knowledge_gaps.training.flag_help import NEEDED, TRAINING, group
from gan_knowledge_gaps.training.memory import check_memory
from gan_knowledge_gaps.training.profiling import define_profile
from gan_knowledge_gaps.training.progress import say
from gan_knowledge_gaps.training.run_folder import begin_or_go_on

VALIDATION_KEY = 1  # of the choice of groups
AUDIT = "audit.json"  # of the run's start


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("run", None, "Folder of the run: a new one, or one to go on with.")
        define_sets()
    flags.DEFINE_enum("architecture", "mobilenet_v2", ARCHITECTURES, "The detector's network.")
    flags.DEFINE_string(
        "weights",
        NONE,
        "Weights that the training begins with, by a linear probe on them: none, imagenet (Keras "
        f"downloads them), a file of them, or a detector; learns at {FINE_TUNED.learning_rate:g}.",
    )
    flags.DEFINE_integer("resolution", 64, "Height and width of the images.", lower_bound=8)
    flags.DEFINE_integer("channels", 3, "Colour channels of the images: 1 (grey) or 3 (RGB).", 1, 3)
    flags.DEFINE_enum("filter", "lanczos", ["lanczos", "box"], "How images are resized.")
    flags.DEFINE_integer("seed", 0, "Seed of weights, data order and augmentation.", lower_bound=0)
    define_common_size()
    define_strict()
    define_replicas()
    define_profile()
    with group(TRAINING):
        define_flags("classifier", DETECTOR)
        define_flags("augmentation", AugmentationConfig())
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if not values.run or not values.natural or not values.generated:
        raise InputError("--run (a folder), --natural and --generated (images) are needed")
    folder = Path(values.run)
    defaults = DETECTOR if values.weights == NONE else FINE_TUNED
    config = override(defaults, "classifier", values)
    augmentation = override(AugmentationConfig(), "augmentation", values)
    shape = (values.resolution, values.resolution, values.channels)
    check_architecture(values.architecture, shape, config.width, config.enlarge)
    check_weights(values.weights, values.architecture, values.channels, config.width)
    check_distinct(values.natural, values.generated)
    check_rule(values.groups)
    check_common_size(values.common_size)
    from gan_knowledge_gaps.classifiers.training import ClassifierTask
    from gan_knowledge_gaps.training.loop import Loop, LoopConfig
    from gan_knowledge_gaps.training.workers import Workers

    strategy = make_strategy(values.cpu_replicas)
    check_batch_size(config.batch_size, strategy)
    check_memory(
        4 * config.batch_size * values.resolution**2 * values.channels,
        f"--classifier_batch_size={config.batch_size} at --resolution={values.resolution}",
    )
    common_size = chosen_common_size(values.common_size)
    natural, *generated = open_sets(
        values.resolution, values.channels, values.filter, values.groups, common_size
    )
    settings = recorded_weights(values.weights)
    settings |= {"classifier": to_json(config), "augmentation": to_json(augmentation)}
    audited = first_audit(folder, [natural, *generated], common_size)
    settings |= {"common_size": common_size} if common_size else {}
    parts = [
        held_back(each.dataset.train, each.dataset.train_groups) for each in (natural, *generated)
    ]
    train, validation = [part for part, _ in parts], [part for _, part in parts]
    with strategy.scope():
        task = ClassifierTask(
            values.architecture, config, train[0], train[1:], values.seed, augmentation,
            (validation[0], Joined(validation[1:])),
        )  # fmt: skip
        if values.weights != NONE:
            begin_with(
                task, values.weights, values.architecture, config.width,
                (train[0], Joined(train[1:])),
            )  # fmt: skip
    # Only now, so that a command that was refused stands in the way of none that is right.
    is_chief = Workers(strategy).is_chief
    if is_chief:
        begin_or_go_on(folder, _what_makes_it(natural, generated) | settings)
        write_json(folder / AUDIT, audited)
    largest = max(len(train[0]), sum(map(len, train[1:])))
    say(f"{len(train[0]):,} natural and {sum(map(len, train[1:])):,} generated images train")
    every = max(1, 2 * largest // config.batch_size)
    loop = Loop(
        task, config.steps(largest, 1), folder, label=folder.name, strategy=strategy,
        config=LoopConfig(log_every=every, sample_every=0, profile=values.profile),
    )  # fmt: skip
    loop.run()
    task.finish()
    if not is_chief:
        return
    info = _info(natural, generated) | settings | {"audit": audited}
    detector = Detector(task.model, 1.0, values.filter, info)
    detector = calibrated(detector, validation[0], Joined(validation[1:]))
    baseline = fit_baseline(train[0], Joined(train[1:]), config.jpeg_quality)
    info["figures"] = final_metrics(detector, natural, generated, baseline)
    detector.save(folder)
    baseline.save(folder)
    print(folder)


def held_back(images: Images, groups: np.ndarray | None = None) -> tuple[Images, Images]:
    """Training images without, and with only, those that tell when the training has converged.

    Args:
        images: that train.
        groups: of each, str [N], which stay together: about a tenth of them is held back.
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


def calibrated(detector: Detector, natural: Images, generated: Images) -> Detector:
    """The detector with the temperature that fits images that do not train (Guo et al. 2017).

    Natural and generated ones weigh the same, however many generators there are.
    """
    logits = [detector.logits(each) for each in (natural, generated)]
    labels = np.repeat([0, 1], [len(each) for each in logits])
    temperature = fit_temperature(np.concatenate(logits), labels, prior_weights(labels))
    return dataclasses.replace(detector, temperature=temperature)


def final_metrics(
    detector: Detector,
    natural: Opened,
    generated: list[Opened],
    baseline: Baseline | None = None,
) -> list[dict]:
    """What the detector reaches on the images that have no part in its training, by generator."""
    of_natural = detector.logits(natural.dataset.evaluation)
    found = []
    for each in generated:
        logits = detector.logits(each.dataset.evaluation)
        metrics = detection_metrics(logits, of_natural, BALANCED)
        found.append(
            {"path": each.path, "images": len(logits), "natural_images": len(of_natural)}
            | dataclasses.asdict(metrics)
        )
        say(
            f"{each.path}: {metrics.detection_rate:.1%} of {len(logits):,} images detected, "
            f"{metrics.natural_accuracy:.1%} of {len(of_natural):,} natural ones called natural"
        )
        if baseline is not None:
            both = each.dataset.evaluation, natural.dataset.evaluation
            area = detection_metrics(*map(baseline.logits, both)).roc_auc
            found[-1]["baseline_roc_auc"] = area
            say(baseline_line(metrics.roc_auc, area))
    return found


def first_audit(folder: Path, opened: list[Opened], common_size: int | None) -> dict:
    """The short form of `classifiers.audit`, said; of a run that goes on, that of its start.

    Raises:
        InputError: it warns, and --strict is given.
    """
    from gan_knowledge_gaps.classifiers.auditing.audit import audit, warn

    if (folder / AUDIT).exists():
        content = read_json(folder / AUDIT, {"findings": [OBJECT]}, "delete it")
    else:
        content, _ = audit(opened, names_of(flags.FLAGS.generated), common_size)
    warn(content)
    check_strict(content)
    return content


def _what_makes_it(natural: Opened, generated: list[Opened]) -> dict:
    values = flags.FLAGS
    return {
        "architecture": values.architecture, "resolution": values.resolution,
        "channels": values.channels, "filter": values.filter, "seed": values.seed,
        "natural": natural.dataset.fingerprint,
        "generated": [each.dataset.fingerprint for each in generated],
    } | _groups()  # fmt: skip


def _groups() -> dict[str, str]:
    """The rule of the split, where there is one."""
    rule = recorded(flags.FLAGS.groups)
    return {"groups": rule} if rule else {}


def _info(natural: Opened, generated: list[Opened]) -> dict:
    """What the detector's folder says of it."""
    values = flags.FLAGS
    sources = [
        {
            "path": each.path, "images": each.files, "jpeg_files": each.jpeg_files,
            "fingerprint": each.dataset.fingerprint,
        }
        for each in (natural, *generated)
    ]  # fmt: skip
    return {
        "architecture": values.architecture, "seed": values.seed, "natural": sources[0],
        "generated": sources[1:], "command": command_line(),
    } | _groups()  # fmt: skip


if __name__ == "__main__":
    main()
