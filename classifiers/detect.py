"""Which of these pictures are generated?

    python -m classifiers.detect --detector=runs/detector photo.jpg folder photos.zip
    python -m classifiers.detect --detector=runs/detector --format=csv --output=found.csv folder
    python -m classifiers.detect --detector=model.keras --format=json folder | head

Prints for each picture the calibrated probability of being generated, and the verdict. Pictures
that cannot be read are listed with the reason and do not stop the rest; the exit code is then 2.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from absl import flags
from tqdm import tqdm

from classifiers.detection.batches import detect
from classifiers.detection.pictures import Pictures
from classifiers.detection.predictions import GENERATED
from classifiers.detection.writers import WRITERS, Writer
from classifiers.detector import Detector, load_detector
from data import InputError, atomic_path
from training import command
from training.flag_help import NEEDED, group
from training.progress import Progress, say


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("detector", None, "Folder of a detector, or .keras file.")
    flags.DEFINE_float(
        "threshold", 0.5, "P(generated) above which a picture is called generated.", 0.0, 1.0
    )
    flags.DEFINE_enum(
        "format", "table", list(WRITERS), "Form of the findings; json: an object in each line."
    )
    flags.DEFINE_string("output", None, "File to write instead of stdout, whole or not at all.")
    flags.DEFINE_integer("batch_size", 32, "Pictures through the model at once.", lower_bound=1)
    command.run(_run, positional=True, resumes=False)


def _run(paths: list[str]) -> None:
    values = flags.FLAGS
    if not values.detector or not paths:
        raise InputError("--detector=FOLDER is needed, and files, folders or zip files of pictures")
    detector = load_detector(values.detector)
    with _open_output(values.output) as stream:
        writer = WRITERS[values.format](stream)
        total, unreadable = detect_all(
            detector, Pictures(paths), writer, values.threshold, values.batch_size
        )
    if unreadable:
        raise InputError(f"{unreadable:,} of {total:,} files could not be read")


def detect_all(
    detector: Detector,
    pictures: Pictures,
    writer: Writer,
    threshold: float = 0.5,
    batch_size: int = 32,
) -> tuple[int, int]:
    """Writes the predictions for all pictures; progress, bad pictures and a summary go to stderr.

    Returns:
        The number of pictures, and how many of them could not be read.
    """
    generated = unreadable = 0
    for line in pictures.passed_over:
        say(line)
    with Progress("detecting", len(pictures), unit="pictures") as progress:
        for predictions in detect(detector, pictures, threshold, batch_size):
            for prediction in predictions:
                generated += prediction.verdict == GENERATED
                if prediction.error:
                    unreadable += 1
                    say(prediction.error)
            with tqdm.external_write_mode():  # both may be on one terminal
                writer.write(predictions)
            progress.advance(len(predictions))
    read = len(pictures) - unreadable
    say(f"{generated:,} of {read:,} pictures called generated (P > {threshold:g})")
    return len(pictures), unreadable


@contextlib.contextmanager
def _open_output(path: str | None) -> Iterator[TextIO]:
    """A stream in UTF-8 that passes file names on as they are, whatever bytes they hold."""
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
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
