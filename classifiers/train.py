"""Trains a detector on natural and generated images of your own.

    python -m classifiers.train --run=runs/detector --natural=faces.zip --generated=generated \\
        --architecture=mobilenet_v2 --resolution=64
    python -m classifiers.train --run=runs/detector --natural=ffhq256 --generated=gan1,gan2,gan3 \\
        --architecture=resnet50 --resolution=256

`--natural` and each of `--generated`, one for each generator, are a folder or zip of images, or a
folder of records. All of them are cropped, resized and encoded by the same code with the same
numbers. Four fifths of each train; of these some are held back to tell when the training has
converged and to calibrate; the last fifth is for the metrics at the end.

The run's folder holds config.json, metrics.jsonl, checkpoints/ and at the end the detector:
model.keras and detector.json. The same command goes on where it was stopped.
"""

import dataclasses
from pathlib import Path

import numpy as np
from absl import flags

import data
from classifiers.augmentation import AugmentationConfig
from classifiers.config import DETECTOR, validation_count
from classifiers.detector import Detector
from classifiers.evaluation_inputs import check_distinct, define_sets, open_sets
from classifiers.models import ARCHITECTURES, check_architecture
from data import Images, InputError, Joined, Opened, Subset
from metrics import detection_metrics
from metrics.calibration import fit_temperature
from training import command
from training.command_line import command_line
from training.config import define_flags, override, to_json
from training.distribution import check_batch_size, define_replicas, make_strategy
from training.flag_help import NEEDED, TRAINING, group
from training.memory import check_memory
from training.profiling import define_profile
from training.progress import say
from training.run_folder import begin_or_go_on

UNLIKE = 0.05  # difference in shares of JPEG files from which a warning is due


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("run", None, "Folder of the run: a new one, or one to go on with.")
        define_sets()
    flags.DEFINE_enum("architecture", "mobilenet_v2", ARCHITECTURES, "The detector's network.")
    flags.DEFINE_integer("resolution", 64, "Height and width of the images.", lower_bound=8)
    flags.DEFINE_integer("channels", 3, "Colour channels of the images: 1 (grey) or 3 (RGB).", 1, 3)
    flags.DEFINE_enum("filter", "lanczos", ["lanczos", "box"], "How images are resized.")
    flags.DEFINE_integer("seed", 0, "Seed of weights, data order and augmentation.", lower_bound=0)
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
    config = override(DETECTOR, "classifier", values)
    augmentation = override(AugmentationConfig(), "augmentation", values)
    shape = (values.resolution, values.resolution, values.channels)
    check_architecture(values.architecture, shape, config.width, config.enlarge)
    check_distinct(values.natural, values.generated)
    from classifiers.training import ClassifierTask
    from training.loop import Loop, LoopConfig
    from training.workers import Workers

    strategy = make_strategy(values.cpu_replicas)
    check_batch_size(config.batch_size, strategy)
    check_memory(
        4 * config.batch_size * values.resolution**2 * values.channels,
        f"--classifier_batch_size={config.batch_size} at --resolution={values.resolution}",
    )
    natural, *generated = open_sets(values.resolution, values.channels, values.filter)
    settings = {"classifier": to_json(config), "augmentation": to_json(augmentation)}
    warn_of_formats(natural, generated)
    parts = [held_back(each.dataset.train) for each in (natural, *generated)]
    train, validation = [part for part, _ in parts], [part for _, part in parts]
    with strategy.scope():
        task = ClassifierTask(
            values.architecture, config, train[0], train[1:], values.seed, augmentation,
            (validation[0], Joined(validation[1:])),
        )  # fmt: skip
    # Only now, so that a command that was refused stands in the way of none that is right.
    is_chief = Workers(strategy).is_chief
    if is_chief:
        begin_or_go_on(folder, _what_makes_it(natural, generated) | settings)
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
    info = _info(natural, generated) | settings
    detector = Detector(task.model, 1.0, values.filter, info)
    detector = calibrated(detector, validation[0], Joined(validation[1:]))
    info["figures"] = final_metrics(detector, natural, generated)
    detector.save(folder)
    print(folder)


def held_back(images: Images) -> tuple[Images, Images]:
    """Training images without, and with only, those that tell when the training has converged."""
    count = validation_count(len(images))
    if not count:
        raise InputError(f"{len(images)} training images are too few; give at least 13 of each")
    order = data.permutation(len(images), 0)
    return Subset(images, np.sort(order[count:])), Subset(images, np.sort(order[:count]))


def calibrated(detector: Detector, natural: Images, generated: Images) -> Detector:
    """The detector with the temperature that fits images that do not train (Guo et al. 2017)."""
    logits = [detector.logits(each) for each in (natural, generated)]
    labels = np.repeat([0, 1], [len(each) for each in logits])
    temperature = fit_temperature(np.concatenate(logits), labels)
    return dataclasses.replace(detector, temperature=temperature)


def final_metrics(detector: Detector, natural: Opened, generated: list[Opened]) -> list[dict]:
    """What the detector reaches on the images that have no part in its training, by generator."""
    of_natural = detector.logits(natural.dataset.evaluation)
    found = []
    for each in generated:
        logits = detector.logits(each.dataset.evaluation)
        metrics = detection_metrics(logits, of_natural)
        found.append(
            {"path": each.path, "images": len(logits), "natural_images": len(of_natural)}
            | dataclasses.asdict(metrics)
        )
        say(
            f"{each.path}: {metrics.detection_rate:.1%} of {len(logits):,} images detected, "
            f"{metrics.natural_accuracy:.1%} of {len(of_natural):,} natural ones called natural"
        )
    return found


def warn_of_formats(natural: Opened, generated: list[Opened]) -> None:
    """Says so where the file format alone would tell natural from generated images."""
    for each in generated:
        if abs(each.jpeg_share - natural.jpeg_share) > UNLIKE:
            say(
                f"warning: {natural.jpeg_share:.0%} of the natural images in {natural.path} were "
                f"JPEG files once, and {each.jpeg_share:.0%} of the generated ones in {each.path}: "
                "the detector may learn the traces of JPEG instead of the generator's; save both "
                "in one format, or shrink the JPEG files to half of their size or less"
            )


def _what_makes_it(natural: Opened, generated: list[Opened]) -> dict:
    values = flags.FLAGS
    return {
        "architecture": values.architecture, "resolution": values.resolution,
        "channels": values.channels, "filter": values.filter, "seed": values.seed,
        "natural": natural.dataset.fingerprint,
        "generated": [each.dataset.fingerprint for each in generated],
    }  # fmt: skip


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
    }  # fmt: skip


if __name__ == "__main__":
    main()
