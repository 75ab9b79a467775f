"""`python -m classifiers.train --start`: a detector extended by a new generator."""

import hashlib
import json
from pathlib import Path

import commands
import numpy as np
import pytest
from absl import flags
from noise_folders import write_noise
from PIL import Image
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from gan_knowledge_gaps.classifiers import (
    ClassifierConfig,
    ClassifierTask,
    Detector,
    build,
    load_detector,
)
from gan_knowledge_gaps.classifiers.evaluation import Scores
from gan_knowledge_gaps.classifiers.extending import take_over, warnings
from gan_knowledge_gaps.classifiers.extension_report import Extension
from gan_knowledge_gaps.classifiers.serving.card import card_text, model_card
from gan_knowledge_gaps.data import ArrayImages, InputError, open_path
from gan_knowledge_gaps.training.digests import state_digest
from gan_knowledge_gaps.training.keras_models import load_classifier
from gan_knowledge_gaps.training.loop import Loop, LoopConfig

SHAPE = (12, 12, 3)


def write_pale(folder: Path, count: int) -> str:
    """Fine noise as the natural images are, but of little contrast."""
    folder.mkdir()
    random = np.random.default_rng(9)
    for index in range(count):
        pixels = random.integers(90, 166, (24, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return str(folder)


def train(*arguments: str):
    return commands.run("-m", "classifiers.train", *arguments)


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A detector of one generator, and what a new one makes of it."""
    folder = tmp_path_factory.mktemp("extending")
    natural = write_noise(folder / "natural", 80, 1, ".png", 0)
    old, new = write_noise(folder / "old", 60, 4, ".png", 1), write_pale(folder / "new", 60)
    flags = (
        f"--natural={natural}", "--classifier_epochs=40", "--classifier_batch_size=16",
        "--classifier_learning_rate=1e-3",
    )  # fmt: skip
    first = train(
        *flags, f"--run={folder / 'first'}", f"--generated={old}", "--architecture=cnn",
        "--resolution=12", "--classifier_jpeg_quality=90", "--filter=box",
    )  # fmt: skip
    assert first.returncode == 0, first.stderr
    again = (*flags, f"--start={folder / 'first'}", f"--run={folder / 'second'}")
    return folder, again, train(*again, f"--generated={old},{new}")


@pytest.mark.long
def test_the_new_generator_is_detected_and_the_report_says_what_changed(extended):
    folder, _, done = extended
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "second")
    before, after = (load_detector(folder / name) for name in ("first", "second"))
    assert after.image_shape == SHAPE and after.resize_filter == "box"
    assert [each.name for each in after.model.layers] == [each.name for each in before.model.layers]
    images = {
        name: open_path(str(folder / name), 12, 3, "box").dataset.evaluation
        for name in ("natural", "old", "new")
    }
    found = json.loads((folder / "second/extension/generators.json").read_text())
    rows = dict(zip(found["rows"], found["cells"], strict=True))
    assert [row[:2] for row in rows.values()] == [
        ["yes", len(images["old"])], ["no", len(images["new"])],
        [None, len(images["old"]) + len(images["new"])],
    ]  # fmt: skip
    logits = {name: [each.logits(images[name]) for each in (before, after)] for name in images}
    for name in ("old", "new"):
        row = dict(zip(found["columns"], rows[name], strict=True))
        for when, own, natural in zip(
            ("before", "after"), logits[name], logits["natural"], strict=True
        ):
            labels = np.repeat([1, 0], [len(own), len(natural)])
            area = roc_auc_score(labels, np.concatenate([own, natural]))
            assert row[f"AUC {when}"] == pytest.approx(area)
            assert row[f"AUC {when}, from"] <= area <= row[f"AUC {when}, to"]
            detected = int(np.sum(own > 0))
            assert row[f"detected {when}"] == pytest.approx(detected / len(own))
            limits = binomtest(detected, len(own)).proportion_ci(method="wilson")
            ends = row[f"detected {when}, from"], row[f"detected {when}, to"]
            assert ends == pytest.approx(tuple(limits), abs=1e-9)
        assert np.mean(logits[name][1] > 0) > 0.9
    assert np.mean(logits["new"][0] > 0) < 0.5  # or there was nothing to extend
    natural = json.loads((folder / "second/extension/natural.json").read_text())["cells"]
    assert [row[1] for row in natural] == [np.mean(each <= 0) for each in logits["natural"]]


@pytest.mark.long
def test_the_card_names_the_ancestor(extended):
    folder, _, _ = extended
    digest = hashlib.sha256((folder / "first/model.keras").read_bytes()).hexdigest()
    text = card_text(model_card(load_detector(folder / "second"), folder / "second"))
    assert f"| extends | model.keras, SHA-256 {digest} |" in text


@pytest.mark.long
def test_what_it_may_forget_is_said_and_another_start_is_another_run(extended):
    folder, again, _ = extended
    alone = train(*again, f"--generated={folder / 'new'}")
    assert "warning: --generated leaves out old, which --start was trained on" in alone.stderr
    assert alone.returncode == 2 and "holds a run with another generated" in alone.stderr
    changed = load_detector(folder / "first")
    changed.model.get_layer("cnn").layers[-1].bias.assign([1.0])
    changed.save(folder / "changed")
    both = f"--generated={folder / 'old'},{folder / 'new'}"
    other = train(*again, both, f"--start={folder / 'changed'}")
    assert other.returncode == 2 and "holds a run with another start" in other.stderr


@pytest.fixture
def values(tmp_path, monkeypatch):
    """The flags that a detector decides, with their defaults; there is one in tmp_path."""
    info = {
        "architecture": "cnn", "common_size": 20, "classifier": {"width": 0.5, "enlarge": True},
        "natural": {"path": "x", "fingerprint": "y"}, "groups": "old.csv",
    }  # fmt: skip
    Detector(build("cnn", SHAPE, 0, jpeg_quality=90), 1.0, "box", info).save(tmp_path)
    values = flags.FlagValues()
    for name, default in {
        "architecture": "mobilenet_v2", "filter": "lanczos", "common_size": None, "groups": None,
        "classifier_precision": None,
    }.items():  # fmt: skip
        flags.DEFINE_string(name, default, "", flag_values=values)
    for name in ("resolution", "channels", "patches", "classifier_jpeg_quality"):
        flags.DEFINE_integer(name, None, "", flag_values=values)
    flags.DEFINE_float("classifier_width", None, "", flag_values=values)
    flags.DEFINE_boolean("classifier_enlarge", None, "", flag_values=values)
    monkeypatch.setattr(flags, "FLAGS", values)
    return values


def test_a_detector_decides_all_that_makes_its_images_and_its_network(values, tmp_path):
    values(["train", "--architecture=cnn", "--groups=new.csv"])  # which agree with it
    assert take_over(str(tmp_path)).image_shape == SHAPE
    assert values.flag_values_dict() | {"resolution": 12} == {
        "architecture": "cnn", "resolution": 12, "channels": 3, "filter": "box",
        "common_size": "20", "patches": None, "groups": "new.csv", "classifier_width": 0.5,
        "classifier_precision": "float32", "classifier_jpeg_quality": 90,
        "classifier_enlarge": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("flag", "own"),
    [
        ("--resolution=16", "--resolution=12"), ("--classifier_jpeg_quality=75", "_quality=90"),
        ("--architecture=resnet50", "--architecture=cnn"), ("--common_size=auto", "size=20"),
        ("--groups=folder", "--groups=old.csv"), ("--filter=lanczos", "--filter=box"),
        ("--patches=4", "none"),
    ],
)  # fmt: skip
def test_a_flag_that_contradicts_it_is_refused(values, tmp_path, flag, own):
    values(["train", flag])
    with pytest.raises(InputError) as refused:
        take_over(str(tmp_path))
    line = str(refused.value)
    assert flag in line and own in line and len(line) - len(str(tmp_path)) < 200


def noise(seed: int, high: int = 256) -> ArrayImages:
    random = np.random.default_rng(seed)
    return ArrayImages(random.integers(0, high, (24, *SHAPE), dtype=np.uint8))


@pytest.mark.long
def test_an_extension_that_was_stopped_ends_with_the_bits_of_an_unbroken_one(tmp_path):
    start = Detector(build("cnn", SHAPE, 3, jpeg_quality=80))
    start.save(tmp_path / "start")
    logits = start.logits(noise(7))
    config = ClassifierConfig(epochs=50, batch_size=8, patience=18, learning_rate=1e-4)

    def run(name: str, *stops: int) -> str:
        for steps in stops:
            task = ClassifierTask(
                "any", config, noise(0), [noise(1, 200), noise(2, 100)], 0,
                validation=(noise(4), noise(5, 150)), model=load_classifier(tmp_path / "start"),
            )  # fmt: skip
            np.testing.assert_array_equal(Detector(task.model).logits(noise(7)), logits)
            task.early_stopping.validate()
            Loop(task, steps, tmp_path / name, label=name, config=LoopConfig(log_every=6)).run()
        return state_digest(task.state, 0)

    assert run("broken", 8, 20) == run("unbroken", 20)


def test_an_extension_never_ends_worse_than_it_began():
    """On the images held back: the detector as it was is the first that early stopping sees."""
    natural, generated = noise(0), noise(1)
    config = ClassifierConfig(batch_size=8)
    task = ClassifierTask(
        "any", config, natural, [generated], 0, validation=(natural, generated),
        model=build("cnn", SHAPE, 3),
    )  # fmt: skip
    first = task.early_stopping.validate()["validation_loss"]
    task.model.layers[-1].bias.assign([99.0])
    assert task.early_stopping.validate()["validation_loss"] > first
    task.finish()
    assert task.early_stopping.validate()["validation_loss"] == pytest.approx(first)


def test_sets_that_have_changed_and_detectors_of_which_nothing_is_known_are_warned_of(tmp_path):
    sets = [
        open_path(write_noise(tmp_path / name, 8, 1, ".png", seed), 12, 3)
        for seed, name in enumerate(("natural", "a", "b"))
    ]
    known = [
        {"path": f"/elsewhere/{name}", "fingerprint": each.dataset.fingerprint}
        for name, each in zip(("natural", "a", "b"), sets, strict=True)
    ]
    start = Detector(None, info={"natural": known[0], "generated": known[1:]})
    assert list(warnings(start, sets)) == []
    known[2]["fingerprint"] = "another"
    forgotten, changed = warnings(start, sets)
    assert "leaves out b" in forgotten and f"{sets[2].path} holds other images" in changed
    (unknown,) = warnings(Detector(None), sets)
    assert unknown.startswith("nothing is known")


def test_rates_are_taken_at_the_thresholds_that_were_calibrated():
    calibration = {"threshold": 2.0, "uncertain_threshold": 2.0}
    before = Detector(None, 2.0, info={"calibration": calibration})  # so at a logit of 4
    scores = Scores(np.array([-1.0, 3.0, 5.0]), {"a": np.array([1.0, 3.0, 4.5, 6.0])})
    extension = Extension(before, Detector(None), (scores, scores), {"a": True})
    table = extension.generator_table()
    row = dict(zip(table.columns, table.cells[0], strict=True))
    assert (row["detected before"], row["detected after"]) == (0.5, 1.0)
    shares = [row[1] for row in extension.natural_table().cells]
    assert shares == pytest.approx([2 / 3, 1 / 3])
    assert "a 50.0% to 100.0%" in extension.summary()
