"""Who made an image: small generators whose traces are known, and others that do not train."""

import json
from pathlib import Path

import commands
import numpy as np
import pytest
from PIL import Image
from scipy.special import log_softmax, softmax
from sklearn.metrics import confusion_matrix, recall_score, roc_auc_score

from gan_knowledge_gaps.classifiers.attribution.attributor import Attributor, load_attributor
from gan_knowledge_gaps.classifiers.attribution.fitting import fitted
from gan_knowledge_gaps.classifiers.attribution.naming import named_sets
from gan_knowledge_gaps.classifiers.attribution.pool import ClassPool
from gan_knowledge_gaps.classifiers.detector import Detector, load_detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.classifiers.pretrained import fit_probe, start_from
from gan_knowledge_gaps.classifiers.scoring import predict
from gan_knowledge_gaps.data import ArrayImages, InputError, open_path
from gan_knowledge_gaps.metrics.calibration import fit_class_temperature

SIZE, CLASSES = 16, ["natural", "columns", "checks"]


def write(folder: Path, trace: str, count: int, seed: int, suffix: str = ".png") -> str:
    """Soft noise with a generator's trace: stripes, a checkerboard, or what no other has."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE]
    traces = {
        "natural": 0 * x, "columns": np.cos(np.pi * x / 2), "rows": np.cos(np.pi * y / 2),
        "checks": np.cos(np.pi * (x + y)), "lost": 0 * x,
    }  # fmt: skip
    for index in range(count):
        soft = random.integers(60, 196, (4, 4, 3), dtype=np.uint8)
        pixels = np.asarray(Image.fromarray(soft).resize((SIZE, SIZE)), float)
        pixels += random.normal(0, 6, pixels.shape) + 18 * traces[trace][..., None]
        if trace == "lost":  # hardly any contrast left
            pixels = 128 + 0.1 * (pixels - 128)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{index}{suffix}")
    return str(folder)


def train(*arguments: str):
    return commands.run("-m", "classifiers.train_attributor", *arguments)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two generators, of which one has two instances, and one that does not train."""
    folder = tmp_path_factory.mktemp("attribution")
    natural = write(folder / "natural", "natural", 100, 0)
    sets = ("columns", 60, 1), ("columns", 40, 2), ("checks", 50, 3)
    generated = [
        f"{trace}={write(folder / f'{trace}{seed}', trace, count, seed)}"
        for trace, count, seed in sets
    ]
    unknown = write(folder / "lost", "lost", 40, 4)
    flags = (
        f"--run={folder / 'run'}", f"--natural={natural}", f"--generated={','.join(generated)}",
        f"--unknown={unknown}", "--architecture=cnn", f"--resolution={SIZE}",
        "--classifier_epochs=30", "--classifier_jpeg_quality=95", "--classifier_batch_size=16",
    )  # fmt: skip
    return folder, flags, train(*flags)


def evaluation(folder: Path) -> list[np.ndarray]:
    """The images of each class that did not train."""
    parts = []
    for names in (["natural"], ["columns1", "columns2"], ["checks3"]):
        sets = [open_path(str(folder / name), SIZE, 3).dataset.evaluation for name in names]
        parts.append(np.concatenate([each.read(np.arange(len(each))) for each in sets]))
    return parts


@pytest.mark.long
def test_generators_are_told_apart_and_the_tables_are_right(trained):
    folder, _, done = trained
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "run")
    attributor = load_attributor(folder / "run")
    assert list(attributor.classes) == CLASSES
    images = evaluation(folder)
    labels = np.repeat([0, 1, 2], [len(each) for each in images])
    logits = attributor.logits(ArrayImages(np.concatenate(images)))
    largest = logits.argmax(axis=1)
    assert recall_score(labels, largest, average="macro") > 0.9
    called = np.where(logits.max(axis=1) >= np.array(attributor.thresholds)[largest], largest, 3)
    table = json.loads((folder / "run/attribution/confusion.json").read_text())
    assert table["rows"] == [*CLASSES, "lost"] and table["columns"] == [*CLASSES, "unknown"]
    expected = confusion_matrix(labels, called, labels=range(4))[:3]
    np.testing.assert_array_equal(table["cells"][:3], expected)
    classes = json.loads((folder / "run/attribution/classes.json").read_text())
    rows = [dict(zip(classes["columns"], row, strict=True)) for row in classes["cells"]]
    recalls = recall_score(labels, largest, average=None)
    np.testing.assert_allclose([row["recognised"] for row in rows], [*recalls, recalls.mean()])
    refused = [np.mean(called[labels == label] == 3) for label in range(3)]
    np.testing.assert_allclose([row["refused"] for row in rows], [*refused, np.mean(refused)])
    assert attributor.info["figures"]["accuracy"] == pytest.approx(recalls.mean())


@pytest.mark.long
def test_a_generator_that_does_not_train_is_called_unknown(trained):
    folder, _, _ = trained
    attributor = load_attributor(folder / "run")
    known = attributor.logits(ArrayImages(np.concatenate(evaluation(folder))))
    unknown = attributor.logits(open_path(str(folder / "lost"), SIZE, 3).dataset.whole)
    table = json.loads((folder / "run/attribution/open-set.json").read_text())
    row = dict(zip(table["columns"], table["cells"][0], strict=True))
    labels = np.repeat([1, 0], [len(known), len(unknown)])
    both = np.concatenate([known, unknown]).astype(float)
    for name, score in {
        "largest logit": both.max(axis=1), "largest probability": softmax(both, axis=1).max(axis=1),
        "energy": np.log(np.exp(both).sum(axis=1)),
    }.items():  # fmt: skip
        assert row[f"AUC, {name}"] == pytest.approx(roc_auc_score(labels, score))
    assert row["images"] == 40
    below = unknown.max(axis=1) < np.array(attributor.thresholds)[unknown.argmax(axis=1)]
    assert row["refused"] == np.mean(below) > 0.8


@pytest.mark.long
def test_files_are_attributed_and_the_same_command_goes_on(trained):
    folder, flags, _ = trained
    before = load_attributor(folder / "run")
    (folder / "broken.png").write_bytes(b"no picture")
    write(folder / "new", "checks", 9, 7)
    done = commands.run(
        "-m", "classifiers.attribute", f"--attributor={folder / 'run'}", "--format=json",
        folder / "new", folder / "lost", folder / "broken.png",
    )  # fmt: skip
    assert done.returncode == 2 and "1 of 50 files could not be read" in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    names = [line["generator"] for line in lines]
    assert names[:9].count("checks") >= 7 and names[9:49].count("unknown") > 32
    assert names[49] is None and "broken.png" in lines[49]["error"]
    for line in lines[:49]:
        assert sum(line["probabilities"].values()) == pytest.approx(1)
        assert line["probability"] == max(line["probabilities"].values())
        assert line["probability"] == line["probabilities"][line["likeliest"]]
    again = train(*flags)
    assert again.returncode == 0, again.stderr
    after = load_attributor(folder / "run")
    for a, b in zip(before.model.get_weights(), after.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (after.temperature, after.thresholds) == (before.temperature, before.thresholds)
    with pytest.raises(InputError, match="is no classifier that can be used here"):
        load_detector(folder / "run")


def images(*counts: int) -> list[ArrayImages]:
    random = np.random.default_rng(0)
    return [
        ArrayImages(random.integers(0, 256 >> n, (count, 12, 12, 1), dtype=np.uint8))
        for n, count in enumerate(counts)
    ]


def test_classes_weigh_the_same_and_each_has_a_threshold():
    """Whatever the number of their images and the size of their logits."""
    sets = images(40, 300, 30)
    model = build("cnn", (12, 12, 1), 0, outputs=3)
    found = fitted(Attributor(model, ("a", "b", "c")), sets, 0.1)
    logits = np.concatenate([found.logits(each).astype(float) for each in sets])
    labels = np.repeat([0, 1, 2], [40, 300, 30])
    weights = np.repeat([1 / 120, 1 / 900, 1 / 90], [40, 300, 30])
    alike = fit_class_temperature(logits, labels)
    assert found.temperature == pytest.approx(fit_class_temperature(logits, labels, weights))
    assert found.temperature != pytest.approx(alike, rel=0.05)
    recognised = logits.argmax(axis=1) == labels
    for label in range(3):
        right = logits[recognised & (labels == label)]
        assert np.sum(found.called(right) == 3) == len(right) // 10
    assert np.unique(found.thresholds).size == 3


def test_an_attributor_may_begin_with_a_detectors_weights_and_a_probe_on_them(tmp_path):
    """The last layer is fitted to all classes, the others are the detector's."""
    detector = build("cnn", (12, 12, 1), 5)
    Detector(detector).save(tmp_path)
    model = build("cnn", (12, 12, 1), 0, jpeg_quality=90, outputs=3)
    start_from(model, str(tmp_path), "cnn", 1.0)
    sets = images(60, 60, 60)
    loss = fit_probe(model, sets, sets)
    for a, b in zip(detector.get_weights()[:-2], model.get_weights()[:-2], strict=True):
        np.testing.assert_array_equal(a, b)
    logs = [log_softmax(predict(model, each).astype(float), axis=1) for each in sets]
    expected = -np.mean([each[:, label].mean() for label, each in enumerate(logs)])
    assert loss == pytest.approx(expected, rel=1e-3) and loss < 0.5


def test_a_batch_has_as_many_of_each_class_and_an_epoch_every_image():
    classes = [
        ArrayImages(np.full((count, 1, 1, 1), 50 * n, np.uint8) + np.arange(count, dtype=np.uint8)
                    .reshape(-1, 1, 1, 1))
        for n, count in enumerate((12, 4, 7))
    ]  # fmt: skip
    pool = ClassPool(classes, 8, seed=3)
    batches = [pool.batch(step) for step in range(9)]  # 72 images: 24 of each class
    pixels, labels = (np.concatenate(each) for each in zip(*batches, strict=True))
    np.testing.assert_array_equal(labels, np.arange(72) % 3)
    for label, count in enumerate((12, 4, 7)):
        found = pixels.ravel()[labels == label] - 50 * label
        for start in range(0, 24 - count + 1, count):  # each epoch has every image once
            assert sorted(found[start : start + count]) == list(range(count))
    np.testing.assert_array_equal(ClassPool(classes, 8, seed=3).batch(5)[0], batches[5][0])


def test_names_come_from_the_flag_or_the_path(tmp_path):
    (tmp_path / "a=b").mkdir()
    found = named_sets(["one=gan1", "one=x/gan2", "y/gan3.zip", str(tmp_path / "a=b")], "--f")
    assert found.names == ("one", "one", "gan3.zip", "a=b")
    assert found.paths == ("gan1", "x/gan2", "y/gan3.zip", str(tmp_path / "a=b"))
    assert found.classes == ["one", "gan3.zip", "a=b"]
    for given in (["natural=a"], ["=a"], ["x=a", "y=./a"]):
        with pytest.raises(InputError, match="--f"):
            named_sets(given, "--f")


def test_what_is_no_attributor_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no attributor"):
        load_attributor(tmp_path)
    model = build("cnn", (12, 12, 1), 0, outputs=3)
    Attributor(model, ("natural", "a")).save(tmp_path)
    with pytest.raises(InputError, match="no logits of the classes"):
        load_attributor(tmp_path)
    Attributor(model, ("natural", "a", "b"), 2.0, (1, 2.5, 0), "box", {"seed": 3}).save(tmp_path)
    found = load_attributor(tmp_path / "model.keras")
    assert (found.temperature, found.thresholds, found.resize_filter) == (2, (1, 2.5, 0), "box")
    assert found.info == {"seed": 3}
