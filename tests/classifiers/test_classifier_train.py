"""`python -m classifiers.train` as people run it."""

import subprocess
from pathlib import Path

import commands
import numpy as np
import pytest
from noise_folders import write_noise

from gan_knowledge_gaps.classifiers import Detector, build, load_detector, predict
from gan_knowledge_gaps.classifiers.baseline import load_baseline
from gan_knowledge_gaps.classifiers.serving.card import card_text, model_card
from gan_knowledge_gaps.classifiers.train import calibrated
from gan_knowledge_gaps.classifiers.training_inputs import held_back
from gan_knowledge_gaps.data import ArrayImages, InputError, Joined, open_path
from gan_knowledge_gaps.metrics import detection_metrics
from gan_knowledge_gaps.training.metrics_log import read_metrics


def train(*arguments: str) -> subprocess.CompletedProcess:
    return commands.run("-m", "classifiers.train", *arguments)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Fine noise as natural images, coarse noise of two generators; on two replicas."""
    folder = tmp_path_factory.mktemp("detector")
    natural = write_noise(folder / "natural", 80, 1, ".png", 0)
    generated = [
        write_noise(folder / "a", 40, 4, ".png", 1),
        write_noise(folder / "b", 30, 6, ".jpg", 2),
    ]
    flags = (
        f"--run={folder / 'run'}", f"--natural={natural}", f"--generated={','.join(generated)}",
        "--architecture=cnn", "--resolution=12", "--classifier_epochs=40",
        "--classifier_patience=3", "--augmentation_flip=0.5", "--classifier_jpeg_quality=95",
        "--classifier_batch_size=16", "--cpu_replicas=2", "--profile=2",
    )  # fmt: skip
    return folder, flags, train(*flags)


def test_it_learns_a_difference_that_is_there(trained):
    folder, _, done = trained
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "run")
    assert len(list(folder.glob("run/profile/plugins/profile/*/*.xplane.pb"))) == 1
    detector = load_detector(folder / "run")
    for name, kind in (("natural", 0), ("a", 1), ("b", 1)):
        images = open_path(str(folder / name), 12, 3).dataset.evaluation
        called = detector.probability(detector.logits(images)) > 0.5
        assert np.mean(called == kind) > 0.9
    assert detector.info["natural"]["images"] == 80
    assert [each["jpeg_files"] for each in detector.info["generated"]] == [0, 30]
    natural, a = (
        detector.logits(open_path(str(folder / name), 12, 3).dataset.evaluation)
        for name in ("natural", "a")
    )
    found = detector.info["figures"][0]
    assert found["detection_rate"] == np.mean(a > 0) and found["images"] == len(a)
    assert found["natural_accuracy"] == np.mean(natural <= 0)
    baseline = load_baseline(folder / "run", (12, 12, 3))
    both = (open_path(str(folder / name), 12, 3).dataset.evaluation for name in ("a", "natural"))
    area = detection_metrics(*map(baseline.logits, both)).roc_auc
    assert found["baseline_roc_auc"] == area
    assert f"logistic regression on the radial spectrum reaches {area:.3f}" in done.stderr


def test_the_temperature_is_that_of_the_images_held_back(trained):
    folder, _, _ = trained
    detector = load_detector(folder / "run")
    held = [
        held_back(open_path(str(folder / name), 12, 3).dataset.train)[1]
        for name in ("natural", "a", "b")
    ]
    assert [len(each) for each in held] == [6, 3, 2]  # a tenth of four fifths of 80, 40 and 30
    expected = calibrated(Detector(detector.model), held[0], Joined(held[1:])).temperature
    assert detector.temperature == pytest.approx(expected, rel=1e-3)


def test_a_temperature_has_the_least_cross_entropy():
    """On a grid; of a detector that is wrong now and then, and far too sure."""
    model = build("cnn", (12, 12, 1), 0)
    kernel, _ = model.layers[-1].weights
    kernel.assign(100 * kernel)
    random = np.random.default_rng(0)
    natural, generated = (
        ArrayImages(random.integers(0, most, (200, 12, 12, 1), dtype=np.uint8))
        for most in (256, 235)
    )
    logits = [predict(model, each)[:, 0].astype(float) for each in (natural, generated)]
    if logits[1].mean() < logits[0].mean():  # Which way fresh weights lean is chance.
        kernel.assign(-kernel)
        logits = [-each for each in logits]
    middle = np.mean(logits)
    model.layers[-1].bias.assign([-middle])
    signed = np.concatenate([middle - logits[0], logits[1] - middle])
    assert 0.6 < np.mean(signed > 0) < 0.99
    grid = np.geomspace(0.1, 100, 2001)
    right = 201 / 202  # 200 of each kind, Platt's targets
    losses = [
        np.mean(right * np.logaddexp(0, -signed / t) + (1 - right) * np.logaddexp(0, signed / t))
        for t in grid
    ]
    detector = calibrated(Detector(model, resize_filter="box"), natural, generated)
    assert 1 < detector.temperature < 50 and detector.resize_filter == "box"
    assert detector.temperature == pytest.approx(grid[np.argmin(losses)], rel=0.01)


def test_the_temperature_does_not_depend_on_how_many_images_there_are_of_a_kind():
    model = build("cnn", (12, 12, 1), 0)
    random = np.random.default_rng(0)
    natural, generated = (
        random.integers(0, most, (150, 12, 12, 1), dtype=np.uint8) for most in (256, 235)
    )
    temperatures = [
        calibrated(
            Detector(model), ArrayImages(natural), ArrayImages(np.tile(generated, (times, 1, 1, 1)))
        ).temperature
        for times in (1, 8)
    ]
    # But for Platt's targets, which know the number of images.
    assert temperatures[1] == pytest.approx(temperatures[0], rel=0.05)


def test_it_stops_when_nothing_gets_better(trained):
    folder, _, _ = trained
    lines = read_metrics(folder / "run/metrics.jsonl")
    losses = [line["validation_loss"] for line in lines if "validation_loss" in line]
    assert len(losses) > 1 and len(losses) - 1 - int(np.argmin(losses)) <= 3


def test_it_warns_where_the_file_format_tells(trained):
    _, _, done = trained
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1
    assert "0% of the natural images" in warnings[0] and "100% of the generated" in warnings[0]


def test_the_audit_is_recorded_and_strict_refuses(trained):
    folder, flags, _ = trained
    detector = load_detector(folder / "run")
    (finding,) = detector.info["audit"]["findings"]
    assert (finding["kind"], finding["set"]) == ("JPEG", "generated: b")
    text = card_text(model_card(detector, folder / "run"))
    assert (
        finding["text"] in text and "### Audit: the sets" in text and "audit.findings" not in text
    )
    refused = train(f"--run={folder / 'strict'}", *flags[1:], "--strict")
    assert refused.returncode == 2 and not (folder / "strict").exists()
    assert refused.stderr.splitlines()[-1].startswith("error: --strict: the audit warns 1 time")


def test_the_same_command_goes_on_and_another_is_refused(trained):
    folder, flags, _ = trained
    before = weights(folder / "run")
    new = f"--run={folder / 'x'}"
    small = train(new, "--natural=none", "--generated=none", "--architecture=cnn", "--resolution=8")
    changed = train(*flags, "--seed=1")
    few = train(new, f"--natural={folder / 'natural'}")
    again = train(*flags)
    assert again.returncode == 0, again.stderr
    assert weights(folder / "run") == before
    assert changed.returncode == 2 and "holds a run with another seed" in changed.stderr
    assert few.returncode == 2 and "--generated (images) are needed" in few.stderr
    assert small.returncode == 2 and "cnn needs images of at least 10x10" in small.stderr
    assert not (folder / "x").exists()


@pytest.mark.long
def test_what_was_refused_stands_in_the_way_of_nothing(tmp_path):
    natural = write_noise(tmp_path / "natural", 8, 1, ".png", 0)
    generated = write_noise(tmp_path / "generated", 8, 4, ".png", 1)
    run = tmp_path / "run"
    flags = (f"--run={run}", "--architecture=resnet50", "--classifier_width=0.1")
    refused = {
        (f"--natural={natural}", f"--generated={generated}", "--resolution=32"): "too few",
        (f"--natural={natural}", f"--generated={natural}/../natural"): "the natural images",
        (
            f"--natural={natural}", f"--generated={generated}", "--resolution=1048576",
        ): "GB of memory",
    }  # fmt: skip
    for given, message in refused.items():
        done = train(*flags, *given)
        assert done.returncode == 2 and done.stderr.splitlines()[-1].startswith("error: ")
        assert message in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
        assert not run.exists()


def test_a_path_that_is_not_there_is_told_by_its_own_flag(trained, tmp_path):
    folder, _, _ = trained
    gone, there = tmp_path / "gone", folder / "natural"
    flags = f"--run={tmp_path / 'run'}", "--architecture=cnn", "--resolution=12"
    natural = train(*flags, f"--natural={gone}", f"--generated={there}")
    generated = train(*flags, f"--natural={there}", f"--generated={gone}")
    for done, flag in ((natural, "--natural"), (generated, "--generated")):
        (line,) = done.stderr.splitlines()
        assert line.startswith("error: ") and f"{flag} {gone} does not exist" in line
    assert natural.returncode == generated.returncode == 2 and not (tmp_path / "run").exists()


def weights(folder: Path) -> list[bytes]:
    return [weight.tobytes() for weight in load_detector(folder).model.get_weights()]


@pytest.mark.long
def test_a_detector_may_begin_with_another(trained, tmp_path):
    folder, flags, _ = trained
    run = tmp_path / "second"
    done = train(
        *flags, f"--run={run}", f"--weights={folder / 'run'}", "--classifier_epochs=1",
        "--seed=7", "--profile=0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "linear probe: " in done.stderr
    info = load_detector(run).info
    assert info["weights"].startswith("model.keras, SHA-256 ")
    assert info["classifier"]["learning_rate"] == 1e-4
    first, second = (load_detector(each).model.get_weights() for each in (folder / "run", run))
    assert np.abs(first[0] - second[0]).max() < 5e-3  # A few steps at that rate.


def test_what_is_held_back_does_not_train():
    images = ArrayImages(np.arange(100, dtype=np.uint8).reshape(100, 1, 1, 1))
    train, validation = held_back(images)
    numbers = [part.read(np.arange(len(part))).ravel().tolist() for part in (train, validation)]
    assert len(numbers[1]) == 10 and sorted(numbers[0] + numbers[1]) == list(range(100))
    with pytest.raises(InputError, match="too few"):
        held_back(ArrayImages(np.zeros((9, 1, 1, 1), np.uint8)))
