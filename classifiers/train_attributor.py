"""Trains an attributor: which of your generators made an image, or none of them?

    python -m classifiers.train_attributor --run=runs/attributor --natural=faces.zip \\
        --generated=gan1,gan2,sd=images/stable_diffusion
    python -m classifiers.train_attributor --run=runs/iterations --natural=faces.zip \\
        --generated=first=gan1,first=gan2,second=gan3,second=gan4 --unknown=gan5

Each generator is a class of its own, and so are the natural images; sets of one NAME are one class,
such as the generators of one iteration. Images are split, audited, cropped, resized and encoded as
by `classifiers.train`. Those that are held back tell when the training has converged, fit the
temperature, and choose the thresholds below which an image is of no known generator.

The run's folder holds what a detector's does, and at the end the attributor: model.keras and
attributor.json; and in attribution/ a report: who is taken for whom, and whether the generators of
`--unknown`, which do not train, are called unknown. The same command goes on where it was stopped.
"""

from collections.abc import Sequence

from absl import flags

from gan_knowledge_gaps import data
from gan_knowledge_gaps.classifiers.attribution.naming import (
    NATURAL,
    NamedSets,
    check_apart,
    named_sets,
)
from gan_knowledge_gaps.classifiers.config import DETECTOR, FINE_TUNED
from gan_knowledge_gaps.classifiers.evaluation_inputs import (
    check_distinct,
    chosen_common_size,
)
from gan_knowledge_gaps.classifiers.pretrained import NONE, begin_with
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
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.distribution import make_strategy
from gan_knowledge_gaps.training.progress import say


def main() -> None:
    """The command line."""
    flags.DEFINE_list(
        "unknown", [], "Images of generators that do not train, to see if they are called unknown; "
        "PATH or NAME=PATH.",
    )  # fmt: skip
    flags.DEFINE_float(
        "false_rejection_rate",
        0.05,
        "Share of the images of each known class that may be called unknown.",
    )
    define_training("folders, zips or records: PATH, or NAME=PATH; those of one NAME are a class.")
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    folder, rate = folder_given(), values.false_rejection_rate
    if not 0 <= rate < 1:
        raise InputError(f"--false_rejection_rate is {rate:g}; it must be from 0 to below 1")
    generated = named_sets(values.generated, "--generated")
    unknown = named_sets(values.unknown, "--unknown")
    check_apart(unknown, generated, values.natural)
    flags.FLAGS["generated"].value = list(generated.paths)  # as every other command reads it
    config, augmentation = configured(DETECTOR if values.weights == NONE else FINE_TUNED)
    check_distinct(values.natural, values.generated)
    from gan_knowledge_gaps.classifiers.attribution.attributor import Attributor
    from gan_knowledge_gaps.classifiers.attribution.fitting import fitted
    from gan_knowledge_gaps.classifiers.attribution.results import baseline_accuracy, scored
    from gan_knowledge_gaps.classifiers.attribution.tables import write_report
    from gan_knowledge_gaps.classifiers.attribution.task import AttributionTask

    strategy = make_strategy(values.cpu_replicas)
    check_batch(config, strategy)
    common_size = chosen_common_size(values.common_size)
    opened = open_training(common_size)
    others = open_unknown(unknown, common_size)
    classes = (NATURAL, *generated.classes)
    settings = recorded_settings(config, augmentation, opened, common_size)
    settings |= {"names": list(generated.names)}
    audited = first_audit(folder, lambda: opened, common_size)
    parts = [held_back(each.dataset.train, each.dataset.train_groups) for each in opened]
    train, validation = (by_class(generated, sets) for sets in zip(*parts, strict=True))
    with strategy.scope():
        task = AttributionTask(
            values.architecture, config, train, values.seed, augmentation, validation
        )
        if values.weights != NONE:
            begin_with(task, values.weights, values.architecture, config.width, train)
    is_chief = begin(folder, settings, audited, strategy)
    counts = zip(classes, train, strict=True)
    say(f"{', '.join(f'{len(images):,} {name}' for name, images in counts)} images train")
    seconds = train_to_the_end(task, task.steps, task.epoch, folder, strategy)
    if not is_chief:
        return
    info = settings | described_sets(opened)
    info |= {"audit": audited, "false_rejection_rate": rate}
    attributor = Attributor(task.model, classes, resize_filter=values.filter, info=info)
    attributor = fitted(attributor, validation, rate)
    evaluation = by_class(generated, [each.dataset.evaluation for each in opened])
    baseline = baseline_accuracy(train, evaluation, config.jpeg_quality)
    results = scored(attributor, evaluation, others, baseline)
    info["figures"] = results.figures()
    attributor.save(folder)
    page = write_report(results, folder, seconds)
    say(f"{results.summary()}\n{page}")
    print(folder)


def by_class(generated: NamedSets, sets: Sequence[Images]) -> list[Images]:
    """Natural images, then those of each generator's name, of sets in the order of their paths."""
    natural, *others = sets
    named = list(zip(generated.names, others, strict=True))
    return [natural] + [
        Joined([images for name, images in named if name == each]) for each in generated.classes
    ]


def open_unknown(unknown: NamedSets, common_size: int | None) -> dict[str, Images]:
    """All images of generators that do not train, by their names, brought to size as the others.

    Raises:
        InputError: they cannot be read.
    """
    values = flags.FLAGS
    found: dict[str, list[Images]] = {}
    for name, path in zip(unknown.names, unknown.paths, strict=True):
        opened: Opened = data.open_path(
            path, values.resolution, values.channels, values.filter, "--unknown",
            common_size=common_size,
        )  # fmt: skip
        if opened.passed_over:
            say(opened.passed_over)
        found.setdefault(name, []).append(opened.dataset.whole)
    return {name: Joined(parts) for name, parts in found.items()}


if __name__ == "__main__":
    main()
