"""Says which pictures are generated.

    python -m classifiers.detect --detector=runs/detector photo.jpg folder photos.zip
    python -m classifiers.detect --detector=runs/detector --format=csv --output=found.csv folder
    python -m classifiers.detect --detector=model.keras --format=json folder | head
    find photos -name '*.jpg' | python -m classifiers.detect --detector=runs/detector -

Pictures are JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF or PPM; `-` takes their paths from standard
input, a line each, or parted by null characters. Prints for each picture the calibrated probability
of being generated, and the verdict. Pictures that cannot be read are listed with the reason and do
not stop the rest; the exit code is then 2.
The threshold is that of `classifiers.calibrate`, if it was run. What a file says of its own origin
(IPTC's digital source type; C2PA, with the extra `provenance`) is shown, and changes no verdict.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO, cast

from absl import flags
from tqdm import tqdm

from gan_knowledge_gaps.classifiers.detection.batches import detect
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures
from gan_knowledge_gaps.classifiers.detection.predictions import (
    EVEN,
    GENERATED,
    UNCERTAIN,
    Thresholds,
)
from gan_knowledge_gaps.classifiers.detection.writers import WRITERS, Writer
from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.classifiers.evaluation_inputs import checked_prior, define_prior
from gan_knowledge_gaps.data import InputError, atomic_path
from gan_knowledge_gaps.metrics.prior import BALANCED
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import Progress, say

QUALITIES = (95, 85, 75, 60)  # of JPEG, that --stability tries


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("detector", None, "Folder of a detector, or .keras file.")
    define_verdicts()
    flags.DEFINE_bool(
        "stability",
        False,
        "Tell the share of JPEG encodings of a picture, at qualities "
        f"{', '.join(map(str, QUALITIES))}, that have its verdict.",
    )
    flags.DEFINE_enum(
        "format", "table", list(WRITERS), "Form of the findings; json: an object in each line."
    )
    flags.DEFINE_string("output", None, "File to write instead of stdout, whole or not at all.")
    flags.DEFINE_integer("batch_size", 32, "Pictures through the model at once.", lower_bound=1)
    command.run(_run, positional=True, resumes=False)


def define_verdicts() -> None:
    """Defines --threshold, --uncertain_threshold and --prior."""
    flags.DEFINE_float(
        "threshold",
        None,
        "P(generated) above which a picture is called generated. [as calibrated, else 0.5]",
        0.0,
        1.0,
    )
    flags.DEFINE_float(
        "uncertain_threshold",
        None,
        "P(generated) above which a picture is called uncertain, up to --threshold.",
        0.0,
        1.0,
    )
    define_prior("Share of generated pictures among those that come in, for P(generated).")


def check_verdicts() -> None:
    """Raises InputError where what `define_verdicts` has defined cannot be right."""
    values = flags.FLAGS
    checked_prior(values.prior)
    if None not in (values.threshold, values.uncertain_threshold):
        check_order(values.threshold, values.uncertain_threshold)


def _run(paths: list[str]) -> None:
    values = flags.FLAGS
    if not values.detector or not paths:
        raise InputError("--detector=FOLDER is needed, and files, folders or zip files of pictures")
    check_verdicts()
    prior = values.prior
    detector = load_detector(values.detector)
    thresholds = thresholds_of(detector, prior, values.threshold, values.uncertain_threshold)
    qualities = QUALITIES if values.stability else ()
    with open_output(values.output) as stream:
        writer = WRITERS[values.format](stream, values.stability)
        total, unreadable = detect_all(
            detector,
            Pictures(given(paths)),
            writer,
            thresholds,
            values.batch_size,
            prior,
            qualities,
        )
    if unreadable:
        raise InputError(f"{unreadable:,} of {total:,} files could not be read")


def detect_all(
    detector: Detector,
    pictures: Pictures,
    writer: Writer,
    thresholds: Thresholds = EVEN,
    batch_size: int = 32,
    prior: float = BALANCED,
    qualities: Sequence[int] = (),
) -> tuple[int, int]:
    """Writes the predictions for all pictures; progress, bad pictures and a summary go to stderr.

    Returns:
        The number of pictures, and how many of them could not be read.
    """
    generated = uncertain = unreadable = 0
    for line in pictures.passed_over:
        say(line)
    with Progress("detecting", len(pictures), unit="pictures") as progress:
        for predictions in detect(detector, pictures, thresholds, batch_size, prior, qualities):
            for prediction in predictions:
                generated += prediction.verdict == GENERATED
                uncertain += prediction.verdict == UNCERTAIN
                if prediction.error:
                    unreadable += 1
                    say(prediction.error)
            with tqdm.external_write_mode():  # both may be on one terminal
                writer.write(predictions)
            progress.advance(len(predictions))
    read = len(pictures) - unreadable
    line = f"{generated:,} of {read:,} pictures called generated (P > {thresholds.generated:.4g})"
    if thresholds.uncertain < thresholds.generated:
        line += f", {uncertain:,} uncertain (P > {thresholds.uncertain:.4g})"
    say(line)
    return len(pictures), unreadable


def given(paths: Sequence[str]) -> list[str]:
    """The paths, those of standard input in place of "-"."""
    return [each for path in paths for each in (_of_stdin() if path == "-" else [path])]


def _of_stdin() -> list[str]:
    text = sys.stdin.buffer.read()
    lines = text.split(b"\0") if b"\0" in text else text.splitlines()
    return [os.fsdecode(line) for line in lines if line]


def thresholds_of(
    detector: Detector,
    prior: float = BALANCED,
    threshold: float | None = None,
    uncertain: float | None = None,
) -> Thresholds:
    """Where a detector's verdicts change: what is given, or calibrated, or 0.5.

    Args:
        detector: its calibration is for a prior of 0.5.
        prior: share of generated pictures, for which probabilities are told. It moves calibrated
            thresholds along with them, and no verdict.
        threshold: P(generated) above which a picture is called generated; None for the detector's.
        uncertain: likewise of "uncertain"; None for the detector's, or for none where a threshold
            is given.

    Raises:
        InputError: `uncertain` is above the threshold.
    """
    calibrated = detector.thresholds(prior)
    if threshold is None:
        threshold = calibrated.generated
        uncertain = calibrated.uncertain if uncertain is None else uncertain
    uncertain = threshold if uncertain is None else uncertain
    check_order(threshold, uncertain)
    return Thresholds(threshold, uncertain)


def check_order(threshold: float, uncertain: float) -> None:
    """Raises InputError unless what is uncertain lies below what is generated."""
    if uncertain > threshold:
        raise InputError(
            f"--uncertain_threshold={uncertain:g} is above the threshold, {threshold:g}; give less"
        )


@contextlib.contextmanager
def open_output(path: str | None) -> Iterator[TextIO]:
    """A stream in UTF-8 that passes file names on as they are, whatever bytes they hold."""
    if path is None:
        cast(io.TextIOWrapper, sys.stdout).reconfigure(encoding="utf-8", errors="surrogateescape")
        yield sys.stdout
        return
    if Path(path).is_dir():
        raise InputError(f"--output {path} is a folder: give a file")
    if Path(path).parent.exists() and not Path(path).parent.is_dir():
        raise InputError(f"--output {path}: {Path(path).parent} is not a folder")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream,
    ):
        yield stream


if __name__ == "__main__":
    main()
