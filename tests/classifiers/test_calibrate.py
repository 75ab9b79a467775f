"""`python -m classifiers.calibrate`, and verdicts by its thresholds."""

import csv
import io
import json
from pathlib import Path

import commands
import numpy as np
import pytest
from noise_folders import write_noise
from PIL import Image
from scipy.special import expit

from gan_knowledge_gaps.classifiers.calibrate import calibration
from gan_knowledge_gaps.classifiers.detect import QUALITIES, thresholds_of
from gan_knowledge_gaps.classifiers.detection.batches import detect
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures
from gan_knowledge_gaps.classifiers.detection.predictions import Thresholds
from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.data import InputError

TEMPERATURE = 0.5


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A detector, 150 natural pictures, and the detector's logits of them."""
    folder = tmp_path_factory.mktemp("calibration")
    detector = Detector(build("cnn", (12, 12, 3), seed=4), TEMPERATURE)
    detector.save(folder / "detector")
    natural = write_noise(folder / "natural", 150, 2, ".png", 0)
    found = [each for batch in detect(detector, Pictures([natural])) for each in batch]
    probabilities = np.array([each.probability for each in found])
    return folder, natural, np.log(probabilities / (1 - probabilities))


def calibrate(folder: Path, natural: str, *flags: str):
    return commands.run(
        "-m", "classifiers.calibrate", f"--detector={folder / 'detector'}", f"--natural={natural}",
        *flags,
    )  # fmt: skip


def detected(folder: Path, natural: str, *flags: str) -> list[dict]:
    done = commands.run(
        "-m", "classifiers.detect", f"--detector={folder / 'detector'}", "--format=csv", natural,
        *flags,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_verdicts_keep_to_the_rates(made):
    folder, natural, logits = made
    few = calibrate(folder, natural, "--false_positive_rate=0.001")
    assert few.returncode == 2 and "at least 1,000" in few.stderr
    assert "calibration" not in json.loads((folder / "detector/detector.json").read_text())
    done = calibrate(folder, natural, "--false_positive_rate=0.02", "--uncertain_rate=0.1")
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "detector/detector.json").read_text())["calibration"]
    ordered = np.sort(logits)
    assert found["threshold"] == pytest.approx(ordered[-4], abs=1e-5)
    assert found["uncertain_threshold"] == pytest.approx(ordered[-16], abs=1e-5)
    assert found["threshold_interval"][1] is None and found["threshold_interval"][0] < ordered[-4]
    assert f"{expit(ordered[-4]):.4f}" in done.stdout
    rows = detected(folder, natural)
    verdicts = [row["verdict"] for row in rows]
    assert (verdicts.count("generated"), verdicts.count("uncertain")) == (3, 12)
    # Another prior moves probabilities, and no verdict.
    rare = detected(folder, natural, "--prior=0.01")
    assert [row["verdict"] for row in rare] == verdicts
    for row, logit in zip(rare, logits, strict=True):
        odds = np.exp(logit) / 99
        assert float(row["probability_generated"]) == pytest.approx(odds / (1 + odds), rel=1e-4)


def test_thresholds_that_are_given_come_first():
    detector = Detector(None, info={"calibration": {"threshold": 2.0, "uncertain_threshold": -1.0}})
    assert thresholds_of(detector) == Thresholds(expit(2.0), expit(-1.0))
    assert thresholds_of(detector, threshold=0.6) == Thresholds(0.6, 0.6)
    assert thresholds_of(detector, uncertain=0.6) == Thresholds(expit(2.0), 0.6)
    assert thresholds_of(Detector(None), 0.01) == Thresholds(0.5, 0.5)
    with pytest.raises(InputError, match="uncertain_threshold"):
        thresholds_of(Detector(None), uncertain=0.7)
    assert [Thresholds(0.7, 0.2).verdict(each) for each in (0.2, 0.7, 0.71)] == [
        "natural", "uncertain", "generated",
    ]  # fmt: skip


def test_too_few_pictures_are_refused():
    with pytest.raises(InputError, match="at least 100"):
        calibration(np.zeros(99), 0.01, 0.01)
    assert calibration(np.arange(100.0), 0.01, 0.05)["threshold"] == 98


def test_stability_is_the_share_of_encodings_with_the_verdict(made, tmp_path):
    folder, _, _ = made
    model = load_detector(folder / "detector").model
    small = np.random.default_rng(0).integers(0, 256, (20, 5, 5, 3), dtype=np.uint8)
    squares = [Image.fromarray(each).resize((30, 30)) for each in small]
    found = []
    for index, square in enumerate(squares):
        # A wider picture, of which the detector sees the square.
        picture = Image.new("RGB", (40, 30))
        picture.paste(square, (5, 0))
        picture.save(tmp_path / f"{index:02}.png")
        logits = []
        for quality in (None, *QUALITIES):
            file = io.BytesIO()
            square.save(
                file, **({"format": "JPEG", "quality": quality} if quality else {"format": "PNG"})
            )
            shown = Image.open(file).resize((12, 12), Image.Resampling.LANCZOS)
            logits.append(float(model(np.asarray(shown, np.float32)[None])[0, 0]))
        found.append(logits)
    found = np.array(found)
    threshold = np.median(found[:, 0])  # where encodings matter
    expected = np.mean((found[:, 1:] > threshold) == (found[:, :1] > threshold), axis=1)
    assert len(set(expected)) > 1
    rows = detected(
        folder, str(tmp_path), "--stability", f"--threshold={expit(threshold / TEMPERATURE)}"
    )
    np.testing.assert_allclose([float(row["stability"]) for row in rows], expected)
