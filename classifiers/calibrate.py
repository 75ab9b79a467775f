"""Chooses a detector's threshold by natural pictures of your own.

    python -m classifiers.calibrate --detector=runs/detector --natural=photos
    python -m classifiers.calibrate --detector=runs/detector --natural=photos \\
        --false_positive_rate=0.01 --uncertain_rate=0.05

At most --false_positive_rate of the natural pictures are called generated from then on, and at most
--uncertain_rate generated or uncertain. The thresholds go into detector.json, where
`classifiers.detect` finds them. Take pictures like those that will come in, and none that trained.
"""

import math
from pathlib import Path

import numpy as np
from absl import flags

from gan_knowledge_gaps.classifiers.detection.batches import scored
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures
from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.metrics.detection import threshold_at
from gan_knowledge_gaps.metrics.intervals import false_positive_interval, threshold_interval
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import Progress, say


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("detector", None, "Folder of a detector.")
        flags.DEFINE_list("natural", [], "Natural pictures: folders, zip files and files.")
    flags.DEFINE_float(
        "false_positive_rate", 0.01, "Share of natural pictures that may be called generated."
    )
    flags.DEFINE_float(
        "uncertain_rate",
        None,
        "Share of natural pictures that may be called generated or uncertain. "
        "[--false_positive_rate: none is called uncertain]",
    )
    command.run(_run, resumes=False)


def _run() -> None:
    values = flags.FLAGS
    if not values.detector or not values.natural:
        raise InputError("--detector (a folder) and --natural (pictures) are needed")
    rate, uncertain_rate = values.false_positive_rate, values.uncertain_rate
    uncertain_rate = rate if uncertain_rate is None else uncertain_rate
    if not 0 < rate <= uncertain_rate < 1:
        raise InputError(
            f"--false_positive_rate={rate:g} and --uncertain_rate={uncertain_rate:g} must be "
            "shares above 0 and below 1, the second not below the first"
        )
    detector, folder = load_detector(values.detector), detector_folder(values.detector)
    logits = natural_logits(detector, Pictures(values.natural))
    detector.info["calibration"] = found = calibration(logits, rate, uncertain_rate) | {
        "natural": [Path(each).name for each in values.natural]  # and no folders of one's own
    }
    detector.save_info(folder)
    thresholds = detector.thresholds()
    low, high = found["false_positive_interval"]
    print(
        f"generated above P = {thresholds.generated:.4f}: of natural pictures {rate:.2%} at most "
        f"among these {len(logits):,}, {low:.2%} to {high:.2%} of others like them"
    )
    if thresholds.uncertain < thresholds.generated:
        print(f"uncertain above P = {thresholds.uncertain:.4f}: {uncertain_rate:.2%} at most")


def detector_folder(path: str) -> Path:
    """The folder of a detector, whose detector.json can be written; InputError if it is none."""
    from gan_knowledge_gaps.training.keras_models import MODEL, classifier_file

    file = classifier_file(path)
    if file.name != MODEL:
        raise InputError(
            f"no thresholds can be kept for the file --detector {path}: give the folder of a "
            f"detector, or name the file {MODEL}"
        )
    return file.parent


def natural_logits(detector: Detector, pictures: Pictures) -> np.ndarray:
    """Logits of all pictures that can be read, divided by the temperature, float64 [N]."""
    found = [np.empty(0)]
    for line in pictures.passed_over:
        say(line)
    with Progress("scoring", len(pictures), unit="pictures") as progress:
        for batch in scored(detector, pictures):
            for reading, logits in batch:
                found.append(logits)
                if reading.error:
                    say(reading.error)
            progress.advance(len(batch))
    return np.concatenate(found).astype(np.float64) / detector.temperature


def calibration(logits: np.ndarray, rate: float, uncertain_rate: float) -> dict:
    """Thresholds by natural pictures, and how sure they are; JSON values.

    Args:
        logits: of natural pictures, divided by the temperature, [N].
        rate: share that may be called generated.
        uncertain_rate: share that may be called generated or uncertain, at least `rate`.

    Raises:
        InputError: there are too few for the rate.
    """
    least = math.ceil(1 / rate)
    if len(logits) < least:
        raise InputError(
            f"{len(logits):,} pictures are too few for a false positive rate of {rate:g}: give "
            f"at least {least:,}, or another --false_positive_rate"
        )
    threshold = threshold_at(rate, logits)
    low, high = threshold_interval(rate, logits)
    return {
        "threshold": threshold,
        "uncertain_threshold": threshold_at(uncertain_rate, logits),
        # None where it lies beyond all pictures.
        "threshold_interval": [each if math.isfinite(each) else None for each in (low, high)],
        "false_positive_rate": rate,
        "false_positive_interval": list(
            false_positive_interval(int(rate * len(logits)), len(logits))
        ),
        "uncertain_rate": uncertain_rate,
        "pictures": len(logits),
    }


if __name__ == "__main__":
    main()
