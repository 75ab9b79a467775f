"""Compares two sets of images: FID, KID, precision and recall, density and coverage.

    python -m evaluation.compare --reference=photos --images=generated --inception=inception.tgz
    python -m evaluation.compare --reference=faces.zip --images=gan.zip --features=random-vgg16 \\
        --output=comparison

Either is a folder or zip file of images, or a folder of records; all images of both are taken, each
once. Sets of other sizes are brought to one by `--resolution`. Every score is printed with what it
was taken from, and with `--output` added to evaluation.json and evaluation.md there.
"""

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from absl import flags

from gan_knowledge_gaps.data import InputError, smallest_side
from gan_knowledge_gaps.evaluation.config import OVER_FEATURES, EvaluationConfig, check_metrics
from gan_knowledge_gaps.evaluation.flags import define_features, define_inception_sha256
from gan_knowledge_gaps.evaluation.report import add_to_report, line, read_report
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.config import attribute_docs
from gan_knowledge_gaps.training.flag_help import NEEDED, group

METRICS = (*OVER_FEATURES, "swd")
_FIELDS = (
    "seed", "batch_size", "kid_subsets", "kid_subset_size", "neighbours", "density_neighbours",
    "num_swd",
)  # fmt: skip


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("reference", None, "Natural images: folder, zip file or records.")
        flags.DEFINE_string("images", None, "Images to compare with them: the same.")
        define_features(", ".join(OVER_FEATURES))
    flags.DEFINE_list("metrics", list(OVER_FEATURES), f"Any of {', '.join(METRICS)}.")
    define_inception_sha256()
    flags.DEFINE_integer(
        "resolution", None, "Height and width of all images; default: that of both sets.", 8
    )
    flags.DEFINE_integer("channels", 3, "Colour channels of the images: 1 (grey) or 3 (RGB).", 1, 3)
    flags.DEFINE_string("filter", None, "How images are resized: lanczos (default) or box.")
    flags.DEFINE_string("output", None, "Folder of the report, and of features that are kept.")
    docs, config = attribute_docs(EvaluationConfig), EvaluationConfig()
    for name in _FIELDS:
        flags.DEFINE_integer(name, getattr(config, name), docs[name])
    command.run(_run)


def _run() -> None:
    values = flags.FLAGS
    if not values.reference or not values.images:
        raise InputError("--reference and --images (folders, zip files or records) are needed")
    metrics, config = check_metrics(values.metrics), _config()
    if set(metrics) - set(METRICS):
        raise InputError(f"--metrics: two sets of images have {', '.join(METRICS)} only")
    if values.output:
        read_report(Path(values.output))  # A damaged one is found before the work.
    resolution = values.resolution or common_side(values.reference, values.images)
    from gan_knowledge_gaps.evaluation.evaluator import Evaluator
    from gan_knowledge_gaps.evaluation.extractors import open_extractor
    from gan_knowledge_gaps.evaluation.reference import open_reference
    from gan_knowledge_gaps.evaluation.sampler import Sampler

    extractor = None
    if set(OVER_FEATURES) & set(metrics):
        extractor = open_extractor(values.features, values.inception, values.inception_sha256)
    reference, other = (
        open_reference(path, resolution, values.channels, config, values.filter)
        for path in (values.reference, values.images)
    )
    config = dataclasses.replace(config, num_generated=len(other.images))
    conditions = {
        "network": values.images, "network_sha256": other.fingerprint, "resolution": resolution,
        **reference.conditions, "seed": config.seed,
    }  # fmt: skip
    with _cache() as cache:
        evaluator = Evaluator(
            Sampler(other.images.read, other.fingerprint), reference, config, cache
        )
        taken = []
        for score in evaluator.scores(metrics, extractor):
            print(line(score, conditions), flush=True)
            taken.append(score)
    if values.output:
        print(add_to_report(Path(values.output), conditions, taken, command=command_line()))


def common_side(reference: str, images: str) -> int:
    """The smallest side of the pictures of two sets, where it is the same.

    Raises:
        InputError: it is not, or a set cannot be read.
    """
    flags_of = {"--reference": reference, "--images": images}
    first, second = (smallest_side(path, flag) for flag, path in flags_of.items())
    if first != second:
        raise InputError(
            f"the smallest sides of --reference and --images are {first} and {second} pixels: give "
            "--resolution, to which both are resized"
        )
    return first


def _config() -> EvaluationConfig:
    values: dict[str, Any] = {name: flags.FLAGS[name].value for name in _FIELDS}
    try:
        return EvaluationConfig(protocol="stylegan2-ada-full", **values)
    except InputError as error:
        raise InputError(f"--{error}") from error


@contextlib.contextmanager
def _cache() -> Iterator[Path]:
    if flags.FLAGS.output:
        yield Path(flags.FLAGS.output) / "cache"
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


if __name__ == "__main__":
    main()
