"""Trains a detector on natural and generated images of your own.

    python -m classifiers.train --run=runs/detector --natural=faces.zip --generated=generated \\
        --architecture=mobilenet_v2 --resolution=64
    python -m classifiers.train --run=runs/detector --natural=ffhq256 --generated=gan1,gan2,gan3 \\
        --architecture=resnet50 --resolution=256
    python -m classifiers.train --run=runs/extended --start=runs/detector --natural=ffhq256 \\
        --generated=gan1,gan2,gan3,new

`--natural` and each of `--generated`, one for each generator, are a folder or zip of images, or a
folder of records. All of them are cropped, resized and encoded by the same code with the same
numbers. Four fifths of each train; of these some are held back to tell when the training has
converged and to calibrate; the last fifth is for the metrics at the end. With `--groups` images of
one person, source or video stay together in all of this.

Before it trains, a short form of `classifiers.audit` warns of what would be learnt in place of the
generator's traces. The run's folder holds config.json, audit.json, metrics.jsonl, checkpoints/ and
at the end the detector: model.keras and detector.json. The same command goes on where it was
stopped.

`--start` extends a detector by new generators: its network is trained further, on images made to
fit as before. Give the generators that it knows, too, or it forgets them; the report in extension/
shows each of `--generated` before and after.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from absl import flags

from gan_knowledge_gaps.classifiers import extending
from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig
from gan_knowledge_gaps.classifiers.baseline import Baseline, baseline_line, fit_baseline
from gan_knowledge_gaps.classifiers.config import DETECTOR, FINE_TUNED, ClassifierConfig
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.evaluation_inputs import (
    check_distinct,
    chosen_common_size,
    names_of,
)
from gan_knowledge_gaps.classifiers.patches import each_image, random_patches
from gan_knowledge_gaps.classifiers.pretrained import NONE, begin_with, recorded_model
from gan_knowledge_gaps.classifiers.training_inputs import (
    begin,
    check_batch,
    configured,
    define_training,
    described_sets,
    first_audit,
    folder_given,
    held_back,
    open_training,
    recorded_settings,
    train_to_the_end,
)
from gan_knowledge_gaps.data import Images, InputError, Joined, Opened
from gan_knowledge_gaps.data.patches import Patches
from gan_knowledge_gaps.metrics import detection_metrics
from gan_knowledge_gaps.metrics.calibration import fit_temperature
from gan_knowledge_gaps.metrics.prior import BALANCED, prior_weights
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.distribution import make_strategy
from gan_knowledge_gaps.training.progress import say

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.classifiers.training import ClassifierTask


def main() -> None:
    """The command line."""
    flags.DEFINE_string(
        "start",
        None,
        "Detector to extend by new generators: its network, size and encoding are taken over; "
        f"learns at {FINE_TUNED.learning_rate:g}.",
    )
    flags.DEFINE_integer(
        "patches", None, "Train on random patches of --resolution pixels, and score this many of "
        "each picture by the mean of their logits, instead of resizing pictures.", lower_bound=1,
    )  # fmt: skip
    define_training()
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    folder = folder_given()
    if values.start and values.weights != NONE:
        raise InputError("--start brings the detector's own weights: leave --weights out")
    strategy = start = None
    if values.start:
        strategy = make_strategy(values.cpu_replicas)  # before TensorFlow starts
        start = extending.take_over(values.start)
    defaults = DETECTOR if values.weights == NONE and start is None else FINE_TUNED
    config, augmentation = configured(defaults, has_network=start is not None)
    check_distinct(values.natural, values.generated)
    if values.patches and values.common_size:
        raise InputError("--patches resizes nothing: leave --common_size out")
    strategy = strategy or make_strategy(values.cpu_replicas)
    check_batch(config, strategy)
    common_size = chosen_common_size(values.common_size)
    opened = open_training(common_size, values.patches)
    settings = recorded_settings(config, augmentation, opened, common_size)
    settings |= {"patches": values.patches} if values.patches else {}
    settings |= {"start": recorded_model(values.start)} if values.start else {}
    audited = first_audit(
        folder, lambda: open_training(common_size) if values.patches else opened, common_size
    )
    cautions = [] if start is None else list(extending.warnings(start, opened))
    for line in cautions:
        say(f"warning: {line}")
    parts = [held_back(each.dataset.train, each.dataset.train_groups) for each in opened]
    train, validation = [part for part, _ in parts], [part for _, part in parts]
    held = validation
    if values.patches:
        patches = Patches(values.resolution, values.channels, values.patches)
        train = [*random_patches(train, patches, values.seed)]
        held = [each_image(each, patches) for each in validation]
    with strategy.scope():
        task = _task(config, augmentation, train, held)
    is_chief = begin(folder, settings, audited, strategy)
    natural, generated = len(train[0]), sum(map(len, train[1:]))
    say(f"{natural:,} natural and {generated:,} generated images train")
    seconds = train_to_the_end(task, task.steps, task.epoch, folder, strategy)
    if not is_chief:
        return
    info = settings | described_sets(opened) | {"audit": audited}
    detector = _finished(task.model, info, train, validation, opened, folder)
    if start is not None:
        from gan_knowledge_gaps.classifiers.extension_report import compared, write_extension

        extension = compared(start, detector, opened, names_of(values.generated))
        page = write_extension(extension, folder, cautions, seconds)
        say(f"{extension.summary()}\n{page}")
    print(folder)


def _task(
    config: ClassifierConfig, augmentation: AugmentationConfig, train: list[Images],
    held: list[Images],
) -> ClassifierTask:  # fmt: skip
    """The training of a new network, of one that begins with weights, or of that of --start.

    Args:
        config, augmentation: of the training.
        train: natural images, then those of each generator.
        held: the same of those by which it ends.
    """
    from gan_knowledge_gaps.classifiers.training import ClassifierTask
    from gan_knowledge_gaps.training.keras_models import load_classifier

    values = flags.FLAGS
    task = ClassifierTask(
        values.architecture, config, train[0], train[1:], values.seed, augmentation,
        (held[0], Joined(held[1:])), load_classifier(values.start) if values.start else None,
    )  # fmt: skip
    if values.start:
        assert task.early_stopping is not None
        task.early_stopping.validate()  # which may turn out to be the best
    if values.weights != NONE:
        pool = train[0], Joined(train[1:])
        begin_with(task, values.weights, values.architecture, config.width, pool)
    return task


def _finished(
    model: keras.Model, info: dict[str, Any], train: list[Images], validation: list[Images],
    opened: list[Opened], folder: Path,
) -> Detector:  # fmt: skip
    """Calibrates what was trained, measures it beside a baseline, and saves both in the folder."""
    detector = Detector(model, 1.0, flags.FLAGS.filter, info)
    detector = calibrated(detector, validation[0], Joined(validation[1:]))
    quality = info["classifier"]["jpeg_quality"]
    baseline = fit_baseline(train[0], Joined(train[1:]), quality, detector.patches)
    info["figures"] = final_metrics(detector, opened[0], opened[1:], baseline)
    detector.save(folder)
    baseline.save(folder)
    return detector


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
            sets = each.dataset.evaluation, natural.dataset.evaluation
            of_generated, of_these = map(baseline.logits, sets)
            area = detection_metrics(of_generated, of_these).roc_auc
            found[-1]["baseline_roc_auc"] = area
            say(baseline_line(metrics.roc_auc, area))
    return found


if __name__ == "__main__":
    main()
