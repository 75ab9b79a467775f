"""`python -m classifiers.train` as people run it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from noise_folders import write_noise
from PIL import Image

from classifiers import ClassifierConfig, ClassifierTask, load_detector
from classifiers.augmentation import AugmentationConfig
from classifiers.train import held_back
from data import ArrayImages, InputError, open_path
from training.metrics_log import read_metrics


def train(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "classifiers.train", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Fine noise as natural images, coarse noise of two generators."""
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
        "--classifier_batch_size=16",
    )  # fmt: skip
    return folder, flags, train(*flags)


def test_it_learns_a_difference_that_is_there(trained):
    folder, _, done = trained
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "run")
    detector = load_detector(folder / "run")
    for name, kind in (("natural", 0), ("a", 1), ("b", 1)):
        images = open_path(str(folder / name), 12, 3).dataset.evaluation
        called = detector.probability(detector.logits(images)) > 0.5
        assert np.mean(called == kind) > 0.9
    assert detector.info["natural"]["images"] == 80
    assert [each["jpeg_files"] for each in detector.info["generated"]] == [0, 30]
    assert 0.01 <= detector.temperature <= 100
    natural, a = (
        detector.logits(open_path(str(folder / name), 12, 3).dataset.evaluation)
        for name in ("natural", "a")
    )
    found = detector.info["figures"][0]
    assert found["detection_rate"] == np.mean(a > 0) and found["images"] == len(a)
    assert found["natural_accuracy"] == np.mean(natural <= 0)


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


def test_the_same_command_goes_on_and_another_is_refused(trained):
    folder, flags, _ = trained
    before = weights(folder / "run")
    with ThreadPoolExecutor(2) as pool:
        changed = pool.submit(train, *flags, "--seed=1")
        few = pool.submit(train, f"--run={folder / 'x'}", f"--natural={folder / 'natural'}")
        again = train(*flags)
        changed, few = changed.result(), few.result()
    assert again.returncode == 0, again.stderr
    assert weights(folder / "run") == before
    assert changed.returncode == 2 and "holds a run with another seed" in changed.stderr
    assert few.returncode == 2 and "--generated (images) are needed" in few.stderr


def weights(folder: Path) -> list[bytes]:
    return [weight.tobytes() for weight in load_detector(folder).model.get_weights()]


def test_what_is_held_back_does_not_train():
    images = ArrayImages(np.arange(100, dtype=np.uint8).reshape(100, 1, 1, 1))
    train, validation = held_back(images)
    numbers = [part.read(np.arange(len(part))).ravel().tolist() for part in (train, validation)]
    assert len(numbers[1]) == 10 and sorted(numbers[0] + numbers[1]) == list(range(100))
    with pytest.raises(InputError, match="too few"):
        held_back(ArrayImages(np.zeros((9, 1, 1, 1), np.uint8)))


def test_nothing_but_the_pixels_tells_natural_from_generated(tmp_path):
    """The same pictures as natural and as generated ones, in other formats and of mixed sizes.

    Whatever happens to them on the way (decoding, crop, filter, JPEG) must leave no difference.
    """
    random = np.random.default_rng(0)
    for kind in ("natural", "generated"):
        (tmp_path / kind).mkdir()
    for index, size in enumerate([(30, 40), (64, 20), (24, 24), (12, 12), (90, 50)] * 3):
        picture = Image.fromarray(random.integers(0, 256, (*size, 3), dtype=np.uint8))
        picture.save(tmp_path / f"natural/{index}.png")
        suffix, options = ((".bmp", {}), (".webp", {"lossless": True}))[index % 2]
        picture.save(tmp_path / f"generated/{index}{suffix}", **options)
    for resize_filter in ("lanczos", "box"):
        natural, generated = (
            open_path(str(tmp_path / kind), 12, 3, resize_filter).dataset.train
            for kind in ("natural", "generated")
        )
        indices = np.arange(len(natural))
        np.testing.assert_array_equal(natural.read(indices), generated.read(indices))
    config = ClassifierConfig(batch_size=24, jpeg_quality=60)
    augmentation = AugmentationConfig(flip=0.5, blur=0.5, jpeg=0.5)
    plain, augmented = (
        ClassifierTask("cnn", config, natural, [generated], 0, each)
        for each in (None, augmentation)
    )
    images, labels = plain.batch(0)  # Every image of both kinds, once.
    logits = plain.model(images.astype("f")).numpy()[:, 0]
    np.testing.assert_array_equal(np.sort(logits[labels == 0]), np.sort(logits[labels == 1]))
    # Draws depend on the place in the batch, where the kinds alternate: their numbers agree.
    changed = np.concatenate(
        [
            (augmented.batch(step)[0] != plain.batch(step)[0]).any(axis=(1, 2, 3)).reshape(-1, 2)
            for step in range(40)
        ]
    )
    spread = 4 * (2 * 0.875 * 0.125 / len(changed)) ** 0.5
    assert abs(changed[:, 0].mean() - changed[:, 1].mean()) < spread
