"""Patches of pictures in their own pixels: where they lie, in training, detection and export."""

import csv
import json
from pathlib import Path

import commands
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import ndimage

from gan_knowledge_gaps import data
from gan_knowledge_gaps.classifiers.detection.batches import detect
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.classifiers.patches import (
    RandomPatches,
    each_image,
    perturbed,
    random_patches,
)
from gan_knowledge_gaps.classifiers.pool import BalancedPool
from gan_knowledge_gaps.classifiers.serving.card import card_text, model_card
from gan_knowledge_gaps.classifiers.serving.signatures import write_saved_model
from gan_knowledge_gaps.data import InputError, Joined
from gan_knowledge_gaps.data.patches import Patches
from gan_knowledge_gaps.data.records.conversion import Conversion
from gan_knowledge_gaps.data.records.options import ConvertOptions

SIZE = 12
PATCHES = Patches(SIZE, 3, 4)


def coordinates(height: int, width: int, number: int) -> np.ndarray:
    """A picture each of whose pixels says where it is: row, column, and which picture."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, np.full_like(rows, number)], axis=-1).astype(np.uint8)


def corner_of(patch: np.ndarray, height: int, width: int) -> tuple[int, int]:
    """Where a patch lies, after it was checked pixel by pixel."""
    top, left, number = patch[0, 0].tolist()
    assert top + SIZE <= height and left + SIZE <= width
    expected = coordinates(height, width, number)[top : top + SIZE, left : left + SIZE]
    np.testing.assert_array_equal(patch, expected)
    return top, left


def write(folder: Path, sizes: list[tuple[int, int]]) -> str:
    folder.mkdir()
    for number, size in enumerate(sizes):
        Image.fromarray(coordinates(*size, number)).save(folder / f"{number:03}.png")
    return str(folder)


def opened(folder: Path, sizes: list[tuple[int, int]]) -> data.Images:
    return data.open_path(write(folder, sizes), SIZE, 3, patches=PATCHES.count).dataset.train


def test_patches_are_spread_over_the_picture():
    patches = Patches(SIZE, 3, 32)
    strip = patches(Image.fromarray(coordinates(100, 60, 7)))
    assert strip.shape == patches.shape == (32 * SIZE, SIZE, 3)
    corners = [corner_of(each, 100, 60) for each in strip.reshape(32, SIZE, SIZE, 3)]
    assert corners[0] == (44, 24)  # in the middle
    quarters = np.array(corners) // [44.5, 24.5]
    counts = np.unique(quarters, axis=0, return_counts=True)[1]
    assert len(counts) == 4 and counts.min() >= 6
    exact = Patches(SIZE, 3, 5)(Image.fromarray(coordinates(SIZE, SIZE, 1)))
    np.testing.assert_array_equal(exact, np.tile(coordinates(SIZE, SIZE, 1), (5, 1, 1)))


def test_what_has_no_pixels_of_its_own_is_refused(tmp_path):
    folder = write(tmp_path / "small", [(30, 40), (11, 50), (20, 20)])
    with pytest.raises(InputError, match=r"--natural .*small has 11 pixels across, and a patch 12"):
        data.open_path(folder, SIZE, 3, flag="--natural", patches=2)
    detector = Detector(build("cnn", (SIZE, SIZE, 3), seed=4), info={"patches": 2})
    (found,) = detect(detector, Pictures([folder]))
    assert [each.error == "" for each in found] == [True, False, True]
    assert "001.png has 50x11 pixels" in found[1].error
    records = str(tmp_path / "records")
    with Conversion(ConvertOptions(folder, records, SIZE)) as conversion:
        conversion.run(lambda: None, lambda line: None)
    with pytest.raises(InputError, match="were resized"):
        data.open_path(records, SIZE, 3, patches=2)


def test_a_batch_holds_other_patches_each_time_and_depends_on_its_step(tmp_path):
    sizes = [(30, 40), (64, 13), (25, 25), (90, 60), (12, 40)] * 3
    sets = [opened(tmp_path / name, sizes) for name in "abc"]

    def pool(seed: int = 5) -> BalancedPool:
        natural, *generated = random_patches(sets, PATCHES, seed)
        return BalancedPool(natural, generated, 8, seed)

    first = pool()
    batches = {step: first.batch(step)[0] for step in range(30)}
    for step in (17, 0, 29, 4):
        np.testing.assert_array_equal(pool().batch(step)[0], batches[step])
    assert any(np.any(pool(6).batch(step)[0] != batches[step]) for step in range(3))
    places: dict[int, set] = {}
    for batch in batches.values():
        for patch in batch:
            number = int(patch[0, 0, 2])
            places.setdefault(number, set()).add(corner_of(patch, *sizes[number]))
    assert len(places[3]) > 9  # of 30 steps by 8 images of 3 times 12 pictures
    tops, lefts = np.array(sorted(places[3])).T
    assert np.ptp(tops) > 39 and np.ptp(lefts) > 24  # of 78 and 48


def test_each_place_is_as_likely_as_the_others(tmp_path):
    """Also where a patch has room for one step only."""
    images = RandomPatches(opened(tmp_path / "a", [(13, 14)] * 20), PATCHES, 3)
    read = images.read_at(np.zeros(600, int), np.arange(600))
    corners = [corner_of(patch, 13, 14) for patch in read]
    found, counts = np.unique(corners, axis=0, return_counts=True)
    assert found.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert np.all(np.abs(counts - 100) < 4 * (600 / 6 * 5 / 6) ** 0.5)


def test_each_patch_is_an_image_and_each_picture_a_mean(tmp_path):
    strips = opened(tmp_path / "a", [(30, 40), (64, 13), (25, 25), (90, 60)] * 4)
    images = each_image(strips, PATCHES)
    assert (len(images), images.shape) == (4 * len(strips), (SIZE, SIZE, 3))
    whole = strips.read(np.arange(len(strips))).reshape(-1, SIZE, SIZE, 3)
    indices = np.random.default_rng(0).integers(0, len(images), 20)
    np.testing.assert_array_equal(images.read(indices), whole[indices])
    detector = Detector(build("cnn", (SIZE, SIZE, 3), seed=4), info={"patches": 4})
    expected = detector.model(whole.astype("f")).numpy().reshape(-1, 4).mean(axis=1)
    np.testing.assert_allclose(detector.logits(strips), expected, rtol=1e-4, atol=1e-5)


def test_a_crop_leaves_the_pixels_as_they_are(tmp_path):
    strips = Joined([opened(tmp_path / "a", [(40, 60), (16, 100)] * 4)])
    cropped = perturbed(strips, "crop", 0.5, PATCHES).read(np.arange(len(strips)))
    for strip in cropped:
        for patch in strip.reshape(-1, SIZE, SIZE, 3):
            wide = patch[0, 0, 2] % 2  # 16 pixels become a patch's 12, and not 8
            top, left = corner_of(patch, *((16, 100) if wide else (40, 60)))
            low, high = ((2, 25), (2, 63)) if wide else ((10, 15), (18, 33))
            assert low[0] <= top <= high[0] and low[1] <= left <= high[1]
    encoded = perturbed(strips, "jpeg", 30, PATCHES).read(np.arange(2))
    assert np.any(encoded != strips.read(np.arange(2)))


def test_random_patches_are_read_like_images(tmp_path):
    images = RandomPatches(opened(tmp_path / "a", [(30, 40)] * 20), PATCHES, 3)
    assert images.read(np.arange(5)).shape == (5, SIZE, SIZE, 3)
    np.testing.assert_array_equal(images.read(np.array([4, 2])), images.read(np.array([4, 2])))


def test_a_served_detector_means_over_the_same_patches(tmp_path):
    model = build("cnn", (SIZE, SIZE, 3), seed=4, jpeg_quality=75)
    detector = Detector(model, 0.2, info={"patches": 5})
    random, paths = np.random.default_rng(0), []
    for number, size in enumerate([(12, 12), (13, 50), (101, 64), (40, 40)]):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(random.integers(0, 256, (*size, 3), np.uint8)).save(paths[-1])
    (found,) = detect(detector, Pictures(list(map(str, paths))))
    expected = [each.probability for each in found]
    assert np.ptp(expected) > 0.05
    write_saved_model(detector, tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served").signatures["serving_default"]
    answers = served(image_bytes=tf.constant([path.read_bytes() for path in paths]))
    np.testing.assert_allclose(answers["probability_generated"], expected, atol=1e-5)
    small = Image.fromarray(np.zeros((11, 30, 3), np.uint8))
    small.save(tmp_path / "small.png")
    with pytest.raises(tf.errors.InvalidArgumentError, match="smaller than a patch"):
        served(image_bytes=tf.constant([(tmp_path / "small.png").read_bytes()]))
    text = card_text(model_card(detector, tmp_path / "served"))
    assert "12x12 RGB, 5 patches in the picture's own pixels" in text


def write_traces(folder: Path, count: int, trace: int, seed: int) -> str:
    """Smooth noise of mixed sizes, with a checkerboard of so many grey levels."""
    folder.mkdir()
    random = np.random.default_rng(seed)
    for number in range(count):
        height, width = random.integers(40, 110, 2)
        noise = ndimage.gaussian_filter(random.normal(size=(height, width, 3)), (3, 3, 0))
        board = np.indices((height, width)).sum(axis=0)[..., None] % 2 * 2 - 1
        pixels = 128 + 250 * noise + trace * board + random.normal(size=noise.shape)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
    return str(folder)


@pytest.mark.long
def test_a_trace_that_resizing_takes_away_is_found_in_patches(tmp_path):
    natural = write_traces(tmp_path / "natural", 100, 0, 1)
    generated = write_traces(tmp_path / "generated", 100, 2, 2)
    areas = {}
    for name, flags in {"resized": [], "patches": ["--patches=3"]}.items():
        done = commands.run(
            "-m", "classifiers.train", f"--run={tmp_path / name}", f"--natural={natural}",
            f"--generated={generated}", "--architecture=cnn", "--resolution=24",
            "--classifier_epochs=40", "--classifier_jpeg_quality=0", *flags,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        info = json.loads((tmp_path / name / "detector.json").read_text())
        areas[name] = info["figures"][0]["roc_auc"]
    assert info["patches"] == 3
    assert areas["resized"] < 0.75 and areas["patches"] > 0.95, areas
    done = commands.run(
        "-m", "classifiers.evaluate", f"--detector={tmp_path / 'patches'}",
        f"--natural={natural}", f"--generated={generated}", f"--output={tmp_path / 'report'}",
        "--jpeg=", "--blur=", "--resize=", "--crop=0.75",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (table,) = tmp_path.glob("report/**/robustness-crop*.csv")
    rows = csv.DictReader(table.open(encoding="utf-8"))
    values = {row["column"]: float(row["value"]) for row in rows}
    assert values["AUC"] > 0.95 and values["accuracy"] > 0.85, values
