"""Measures how good a generator's images are.

    python -m stylegan2.evaluate --network=runs/ffhq --data=ffhq256 --inception=inception.tgz
    python -m stylegan2.evaluate --network=generator_ema.keras --data=faces.zip --output=figures \\
        --metrics=fid,kid,pr --features=random-vgg16 --num_generated=5000

The figures: fid and kid (Fréchet and kernel distance), pr (precision and recall), ppl2_wend and
others (perceptual path lengths), swd (sliced Wasserstein distance); docs/metrics.md says what each
is, and which `--protocol` published figures are of. Every figure is printed with what it was taken
from, and added to evaluation.json and evaluation.md in `--output`, in place of what an earlier run
of the same command left. It can be stopped at any moment: the same command goes on.
"""

import dataclasses
import hashlib
import typing
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import PIL
import tensorflow as tf
from absl import flags

from data import InputError
from stylegan2.evaluation.extractors import Extractor, open_extractor
from stylegan2.evaluation.figures import Figure, Figures, check_swd
from stylegan2.evaluation.generated import Generated
from stylegan2.evaluation.naturals import Naturals, open_naturals
from stylegan2.evaluation.perceptual import Perceptual
from stylegan2.evaluation.report import add_to_report, line, read_report
from stylegan2.evaluation.rows import default_folder
from stylegan2.evaluation.settings import (
    METRICS,
    NUM_NATURAL,
    PATH_METRICS,
    Settings,
    check_metrics,
)
from stylegan2.generator import Generator
from stylegan2.ops import library
from stylegan2.run import trained_mirrored
from stylegan2.saved import load_network
from training import command
from training.config import attribute_docs
from training.invocation import command_line
from training.memory import check_memory
from training.progress import say
from training.task import flat_variables

OVER_FEATURES = ("fid", "kid", "pr")


def main() -> None:
    """The command line."""
    flags.DEFINE_string("network", None, "Folder of a run, or file of a generator.")
    flags.DEFINE_string("data", None, "Folder or zip of images, or folder of records.")
    flags.DEFINE_list("metrics", ["fid", "kid", "pr"], f"Any of {', '.join(METRICS)}.")
    flags.DEFINE_string(
        "features", "inception", "What fid, kid and pr are taken over: inception, random-vgg16, or "
        "the path of a .keras file that maps images in [0, 255] to features.",
    )  # fmt: skip
    flags.DEFINE_string("inception", None, "Path of inception-2015-12-05.tgz or its .pb file.")
    flags.DEFINE_string("inception_sha256", None, "What the SHA-256 of the .pb file must be.")
    flags.DEFINE_string("perceptual", None, "Path of a model from pairs of images to distances.")
    flags.DEFINE_string("filter", None, "How --data is resized: lanczos (default) or box.")
    flags.DEFINE_string("output", None, "Folder of the report; default: that of the network.")
    flags.DEFINE_string("cache", None, "Folder for features; default: in the user's cache.")
    flags.DEFINE_enum("ops", "auto", library.IMPLEMENTATIONS, "Implementation of the operations.")
    docs = attribute_docs(Settings)
    define = {
        int: flags.DEFINE_integer, float: flags.DEFINE_float, str: flags.DEFINE_string,
        bool: flags.DEFINE_boolean,
    }  # fmt: skip
    for field in dataclasses.fields(Settings):
        kind = next(iter(typing.get_args(field.type)), field.type)  # int of `int | None`
        define[kind](field.name, field.default, docs[field.name])
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    library.prefer(values.ops)
    if not values.network or not values.data:
        raise InputError("--network (folder of a run, or a file) and --data are needed")
    metrics, settings = check_metrics(values.metrics), _settings()
    check_memory(settings.least_bytes(metrics), "--num_generated, --num_natural, --num_paths")
    output = _output(Path(values.network))
    read_report(output)  # A damaged one is found before the work, not after it.
    cache = Path(values.cache) if values.cache else default_folder()
    for flag, folder in (("--output", output), ("--cache", cache)):
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{flag}: {folder} is no folder; give another")
    extractor = perceptual = None
    if set(OVER_FEATURES) & set(metrics):
        extractor = open_extractor(values.features, values.inception, values.inception_sha256)
    if PATH_METRICS.keys() & set(metrics):
        perceptual = Perceptual(values.perceptual)
    generator = load_network(values.network)
    shape = generator.config
    check_memory(
        4 * settings.batch_size * shape.resolution**2 * shape.channels,
        f"--batch_size={settings.batch_size}",
    )
    if "swd" in metrics:
        check_swd(shape.resolution)
    naturals = open_naturals(values.data, generator.config, settings, values.filter)
    if naturals.distinct < (settings.num_natural or NUM_NATURAL):
        say(f"{naturals.distinct:,} natural images in the split {naturals.split}")
    sha256 = network_sha256(generator)
    generated = Generated(generator, settings, naturals.labels)
    output.mkdir(parents=True, exist_ok=True)
    figures = Figures(generated, sha256, naturals, settings, cache)
    conditions = _conditions(generator, sha256, naturals, settings)
    taken = []
    for figure in _figures(figures, metrics, extractor, perceptual):
        print(line(figure, conditions), flush=True)
        taken.append(figure)
    report = add_to_report(
        output, conditions, taken,
        command=command_line(),
        versions={module.__name__: module.__version__ for module in (keras, np, PIL, tf)},
    )  # fmt: skip
    figures.discard_generated()
    print(report)


def _settings() -> Settings:
    values = {field.name: flags.FLAGS[field.name].value for field in dataclasses.fields(Settings)}
    if values["protocol"] == "stylegan2":
        values["mirror"] = mirroring(Path(flags.FLAGS.network), values["mirror"])
    try:
        return Settings(**values)
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


def _figures(
    figures: Figures,
    metrics: tuple[str, ...],
    extractor: Extractor | None,
    perceptual: Perceptual | None,
) -> Iterator[Figure]:
    if extractor is not None:
        yield from figures.of_features(metrics, extractor)
    for name in metrics:
        if name in PATH_METRICS:
            yield figures.path_length(name, perceptual)
    if "swd" in metrics:
        yield from figures.sliced_wasserstein()


def network_sha256(generator: Generator) -> str:
    """SHA-256 over configuration and weights, the same for a checkpoint and a file of it."""
    digest = hashlib.sha256(repr(generator.config).encode())
    for variable in flat_variables(generator):
        digest.update(f"{variable.dtype} {variable.shape}\n".encode())
        digest.update(variable.numpy().tobytes())
    return digest.hexdigest()


def _conditions(
    generator: Generator, sha256: str, naturals: Naturals, settings: Settings
) -> dict[str, str | int | float]:
    """What every figure of this evaluation shares."""
    return {
        "network": flags.FLAGS.network,
        "network_sha256": sha256,
        "resolution": generator.config.resolution,
        "data": naturals.path,
        "data_fingerprint": naturals.fingerprint,
        "protocol": naturals.protocol,
        "split": naturals.split,
        "filter": naturals.resize_filter,
        "files": naturals.files,
        "jpeg_files": naturals.jpeg_files,
        "truncation": settings.truncation,
        "noise": settings.noise,
        "seed": settings.seed,
    }


if __name__ == "__main__":
    main()
