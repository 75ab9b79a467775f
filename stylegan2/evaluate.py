"""Measures how good a generator's images are.

    python -m stylegan2.evaluate --network=runs/ffhq --data=ffhq256 --inception=inception.tgz
    python -m stylegan2.evaluate --network=generator_ema.keras --data=faces.zip --output=scores \\
        --metrics=fid,kid,pr --features=random-vgg16 --num_generated=5000

The scores: fid and kid (Fréchet and kernel distance), pr (precision and recall), ppl2_wend and
others (perceptual path lengths), swd (sliced Wasserstein distance); docs/metrics.md says what each
is, and which `--protocol` published scores are of. Every score is printed with what it was taken
from, and added to evaluation.json and evaluation.md in `--output`, in place of what an earlier run
of the same command left. It can be stopped at any moment: the same command goes on.
"""

import dataclasses
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.evaluation.config import (
    METRICS,
    NUM_NATURAL,
    OVER_FEATURES,
    PATH_METRICS,
    EvaluationConfig,
    check_metrics,
)
from gan_knowledge_gaps.evaluation.flags import define_features, define_inception_sha256
from gan_knowledge_gaps.evaluation.report import add_to_report, line, read_report
from gan_knowledge_gaps.stylegan2.config import GeneratorEvaluationConfig
from gan_knowledge_gaps.stylegan2.flags import define_ops
from gan_knowledge_gaps.stylegan2.run import trained_mirrored
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.config import attribute_docs
from gan_knowledge_gaps.training.flag_help import NEEDED, TRAINING, group
from gan_knowledge_gaps.training.memory import check_memory
from gan_knowledge_gaps.training.progress import say


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("network", None, "Folder of a run, or file of a generator.")
        flags.DEFINE_string(
            "data", None, "Natural images: folder or zip of images, or folder of records."
        )
    flags.DEFINE_list("metrics", ["fid", "kid", "pr"], f"Any of {', '.join(METRICS)}.")
    define_features(", ".join(OVER_FEATURES))
    flags.DEFINE_string("output", None, "Folder of the report; default: that of the network.")
    define_inception_sha256()
    flags.DEFINE_string("perceptual", None, "Path of a model from pairs of images to distances.")
    flags.DEFINE_string("filter", None, "How --data is resized: lanczos (default) or box.")
    flags.DEFINE_string("cache", None, "Folder for features; default: `cache` in --output.")
    define_ops()
    docs = attribute_docs(EvaluationConfig) | attribute_docs(GeneratorEvaluationConfig)
    define: dict[Any, Callable[..., Any]] = {
        int: flags.DEFINE_integer, float: flags.DEFINE_float, str: flags.DEFINE_string,
        bool: flags.DEFINE_boolean,
    }  # fmt: skip
    with group(TRAINING):
        for field in dataclasses.fields(GeneratorEvaluationConfig):
            kind = next(iter(typing.get_args(field.type)), field.type)  # int of `int | None`
            define[kind](field.name, field.default, docs[field.name])
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if not values.network or not values.data:
        raise InputError("--network (folder of a run, or a file) and --data are needed")
    metrics, config = check_metrics(values.metrics), _config()
    check_memory(config.least_bytes(metrics), "--num_generated, --num_natural, --num_paths")
    output = _output(Path(values.network))
    read_report(output)  # A damaged one is found before the work, not after it.
    cache = Path(values.cache) if values.cache else output / "cache"
    for flag, folder in (("--output", output), ("--cache", cache)):
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{flag}: {folder} is no folder; give another")
    import keras
    import numpy as np
    import PIL
    import tensorflow as tf

    from gan_knowledge_gaps.evaluation.evaluator import Evaluator, check_swd
    from gan_knowledge_gaps.evaluation.extractors import open_extractor
    from gan_knowledge_gaps.evaluation.perceptual import Perceptual
    from gan_knowledge_gaps.evaluation.reference import open_reference
    from gan_knowledge_gaps.stylegan2.evaluated import GeneratedImages
    from gan_knowledge_gaps.stylegan2.saved import load_network
    from gan_knowledge_gaps.training.native import library

    library.prefer(values.ops)
    extractor = perceptual = None
    if set(OVER_FEATURES) & set(metrics):
        extractor = open_extractor(values.features, values.inception, values.inception_sha256)
    if PATH_METRICS.keys() & set(metrics):
        perceptual = Perceptual(values.perceptual)
    generator = load_network(values.network)
    resolution, channels = generator.config.resolution, generator.config.channels
    check_memory(
        4 * config.batch_size * resolution**2 * channels, f"--batch_size={config.batch_size}"
    )
    if "swd" in metrics:
        check_swd(resolution)
    reference = open_reference(values.data, resolution, channels, config, values.filter)
    if reference.distinct < (config.num_natural or NUM_NATURAL):
        say(f"{reference.distinct:,} natural images in the split {reference.split}")
    images = GeneratedImages(generator, config, reference.labels)
    output.mkdir(parents=True, exist_ok=True)
    evaluator = Evaluator(images.sampler(), reference, config, cache)
    conditions = images.conditions(values.network, reference)
    taken = []
    for score in evaluator.scores(metrics, extractor, perceptual):
        print(line(score, conditions), flush=True)
        taken.append(score)
    report = add_to_report(
        output, conditions, taken,
        command=command_line(),
        versions={module.__name__: module.__version__ for module in (keras, np, PIL, tf)},
    )  # fmt: skip
    evaluator.discard_generated()
    print(report)


def _config() -> GeneratorEvaluationConfig:
    names = [field.name for field in dataclasses.fields(GeneratorEvaluationConfig)]
    values: dict[str, Any] = {name: flags.FLAGS[name].value for name in names}
    if values["protocol"] == "stylegan2":
        values["mirror"] = mirroring(Path(flags.FLAGS.network), values["mirror"])
    try:
        return GeneratorEvaluationConfig(**values)
    except InputError as error:
        raise InputError(f"--{error}") from error


def mirroring(network: Path, given: bool | None) -> bool | None:
    """Whether a network's training mirrored its images, by its run or else by the flag.

    Args:
        network: folder of a run, or a file.
        given: what --mirror says, or None.

    Returns:
        None where neither says it.

    Raises:
        InputError: they contradict each other.
    """
    known = trained_mirrored(network)
    if None not in (given, known) and given != known:
        raise InputError(
            f"{'--mirror' if given else '--nomirror'}: {network} was trained "
            f"{'with' if known else 'without'} mirroring, as its config.json says; leave it out"
        )
    return given if known is None else known


def _output(network: Path) -> Path:
    if flags.FLAGS.output:
        return Path(flags.FLAGS.output)
    return network if network.is_dir() else network.parent


if __name__ == "__main__":
    main()
