"""`python -m classifiers.evaluate`: its numbers from images, model and formulas again."""

import json
from types import SimpleNamespace

import commands
import numpy as np
import pytest
from noise_folders import write_noise
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from gan_knowledge_gaps.classifiers import evaluation
from gan_knowledge_gaps.classifiers.baseline import fit_baseline, load_baseline
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.evaluate import strengths_of
from gan_knowledge_gaps.classifiers.evaluation import Scores, calibration, detection_table
from gan_knowledge_gaps.classifiers.evaluation_inputs import (
    check_distinct,
    checked_prior,
    chosen,
    names_of,
)
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.classifiers.perturbations import Perturbed, jpeg
from gan_knowledge_gaps.data import ArrayImages, InputError, Joined, open_path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluation")
    model = build("cnn", (12, 12, 3), seed=4)
    model.layers[-1].bias.assign([0.1])
    Detector(model, 2.0, "box", {"architecture": "cnn"}).save(folder / "detector")
    natural = write_noise(folder / "natural", 30, 1, ".png", 0)
    generated = [write_noise(folder / name, 20, 4, ".png", n) for n, name in ((1, "a"), (2, "b"))]
    images = [chosen(open_path(each, 12, 3, "box"), "all", 100) for each in (natural, *generated)]
    fit_baseline(images[0], Joined(images[1:]), 75).save(folder / "detector")
    done = commands.run(
        "-m", "classifiers.evaluate", f"--detector={folder / 'detector'}",
        f"--natural={natural}", f"--generated={','.join(generated)}", "--split=all",
        f"--output={folder / 'report'}", "--jpeg=60,90", "--blur=", "--resize=", "--crop=0.5",
        "--prior=0.2",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, model, generated, done


def logits_of(model, path: str, change=lambda image: image) -> np.ndarray:
    images = chosen(open_path(path, 12, 3, "box"), "all", 100)
    pixels = images.read(np.arange(len(images)))
    return model(np.stack([change(each) for each in pixels]).astype("f")).numpy()[:, 0]


def table(folder, name: str) -> dict:
    content = json.loads((folder / f"report/{name}.json").read_text())
    rows, columns = content["rows"], content["columns"]
    return {
        (row, column): cell
        for row, line in zip(rows, content["cells"], strict=True)
        for column, cell in zip(columns, line, strict=True)
    }


def test_figures_are_those_of_the_logits(made):
    folder, model, generated, done = made
    natural = logits_of(model, str(folder / "natural"))
    both = [logits_of(model, path) for path in generated]
    found = table(folder, "detection")
    for name, logits in zip(
        ["a", "b", "all generators"], [*both, np.concatenate(both)], strict=True
    ):
        labels = np.repeat([0, 1], [len(natural), len(logits)])
        together = np.concatenate([natural, logits])
        auc = roc_auc_score(labels, together)
        assert found[name, "AUC"] == pytest.approx(auc)
        weights = np.where(labels == 1, 0.2 / len(logits), 0.8 / len(natural))
        precision = average_precision_score(labels, together, sample_weight=weights)
        assert found[name, "AP"] == pytest.approx(precision)
        false, true, _ = roc_curve(labels, together)
        for share, column in ((0.01, "1 %"), (0.05, "5 %")):
            most = true[false <= share].max()
            assert found[name, f"detection rate at {column} FPR"] == pytest.approx(most)
        rate = np.mean(logits > 0)
        assert found[name, "detection rate"] == pytest.approx(rate)
        accuracy = (rate + np.mean(natural <= 0)) / 2
        assert found[name, "accuracy"] == pytest.approx(accuracy)
        intervals = table(folder, "intervals")
        assert intervals[name, "AUC, from"] <= auc <= intervals[name, "AUC, to"]
        wilson = binomtest(int(np.sum(logits > 0)), len(logits)).proportion_ci(method="wilson")
        found_interval = [intervals[name, f"detection rate, {end}"] for end in ("from", "to")]
        np.testing.assert_allclose(found_interval, wilson)
    assert table(folder, "natural")["natural", "called natural"] == np.mean(natural <= 0)
    assert done.stdout.split()[-1] == str(folder / "report/index.html")


def test_the_report_says_whether_the_network_earns_its_keep(made):
    """The network was not trained; coarse noise is known by its spectrum."""
    folder, _, generated, _ = made
    baseline = load_baseline(folder / "detector", (12, 12, 3))
    natural, *both = (
        baseline.logits(chosen(open_path(path, 12, 3, "box"), "all", 100))
        for path in (str(folder / "natural"), *generated)
    )
    labels = np.repeat([0, 1], [30, 40])
    area = roc_auc_score(labels, np.concatenate([natural, *both]))
    assert area > 0.95
    found, detection = table(folder, "baseline"), table(folder, "detection")
    assert found["all generators", "baseline"] == pytest.approx(area)
    assert found["all generators", "detector"] == detection["all generators", "AUC"] < 0.9
    summary = json.loads((folder / "report/report.json").read_text())["summary"]
    assert f"below what a logistic regression on the radial spectrum reaches: {area:.3f}" in summary


def test_calibration_has_the_detectors_temperature(made):
    folder, model, generated, _ = made
    natural = logits_of(model, str(folder / "natural"))
    logits = np.concatenate([natural, *(logits_of(model, path) for path in generated)])
    labels = np.repeat([0, 1], [30, 40])
    weights = np.repeat([0.8 / 30, 0.2 / 40], [30, 40])
    for name, temperature in (("as trained", 1.0), ("calibrated", 2.0)):
        odds = np.exp(logits.astype(float) / temperature) * 0.2 / 0.8
        probability = odds / (1 + odds)
        error = 0.0
        for low in np.arange(15) / 15:
            inside = (probability >= low) & (probability < low + 1 / 15)
            if inside.any():
                error += abs(np.sum((weights * (probability - labels))[inside]))
        found = table(folder, "calibration")
        assert found[name, "temperature"] == temperature
        assert found[name, "expected calibration error"] == pytest.approx(error, abs=1e-6)


def test_calibration_does_not_depend_on_the_number_of_generators():
    """Of a detector whose logit is the log of the densities' ratio: it is calibrated."""
    random = np.random.default_rng(0)
    natural = random.normal(-2, 2, 4000)
    for number in (1, 3, 5, 10):
        scores = Scores(natural, {str(each): random.normal(2, 2, 4000) for each in range(number)})
        found, _ = calibration(Detector(None), scores)
        assert all(error < 0.012 for _, error in found.cells)
        precision = detection_table(scores).cells[-1][2]
        labels = np.repeat([0, 1], [4000, 4000])
        one = np.concatenate([natural, scores.generated["0"]])
        assert precision == pytest.approx(average_precision_score(labels, one), abs=0.01)


def test_figures_tell_the_images_that_they_are_of(monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(evaluation, "error_curve", lambda *of, **how: drawn.append(how))
    monkeypatch.setattr(Detector, "logits", lambda self, images: np.zeros(len(images)))
    images = {n: ArrayImages(np.zeros((n, 8, 8, 1), np.uint8)) for n in (1500, 20, 30)}
    natural, generated = images[1500], {"a": images[20], "b": images[30]}
    detector = Detector(SimpleNamespace(input_shape=(None, 8, 8, 1)))
    scores = Scores(np.zeros(1500), {"a": np.zeros(20), "b": np.zeros(30)})
    for _, figure in (
        calibration(detector, scores),
        evaluation.robustness(detector, natural, generated, "jpeg", [50]),
    ):
        figure.draw(tmp_path / "figure.png")
    for how in drawn:
        assert how["footer"].startswith("1,500 natural and 50 generated images")
        assert not how["instances"]  # which would say n = 1
    assert len(drawn) == 2


def test_a_prior_is_a_share_of_both():
    for prior in (0.0, 1.0, -0.1):
        with pytest.raises(InputError, match="--prior"):
            checked_prior(prior)


def test_sweeps_perturb_both_kinds(made):
    folder, model, generated, _ = made
    found = table(folder, "robustness-jpeg")
    for quality in ("60", "90"):
        natural, *both = (
            logits_of(model, path, lambda image, q=float(quality): jpeg(image, q))
            for path in (str(folder / "natural"), *generated)
        )
        assert found[quality, "detection rate"] == pytest.approx(np.mean(np.concatenate(both) > 0))
        assert found[quality, "natural called natural"] == pytest.approx(np.mean(natural <= 0))
    names = {path.name for path in (folder / "report").iterdir()}
    assert {"reliability.png", "robustness-crop.png", "index.html", "detection.csv"} <= names
    assert not any(name.startswith("robustness-blur") for name in names)


def test_strengths_are_numbers_in_range():
    assert strengths_of("jpeg", ["50", "90"]) == [50, 90] and strengths_of("blur", [""]) == []
    for texts in (["a"], ["0"], ["50", "101"]):
        with pytest.raises(InputError, match="jpeg"):
            strengths_of("jpeg", texts)


def test_perturbed_images_are_read_in_order():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)
    perturbed = Perturbed(ArrayImages(pixels.copy()), "jpeg", 70)
    assert len(perturbed) == 5 and perturbed.shape == (16, 16, 3)
    for index, image in zip((3, 0), perturbed.read(np.array([3, 0])), strict=True):
        np.testing.assert_array_equal(image, jpeg(pixels[index], 70))


def test_generators_are_named_by_their_folders_where_that_tells_them_apart():
    assert names_of(["x/a", "y/b.zip"]) == ["a", "b.zip"]
    assert names_of(["x/a", "y/a"]) == ["x/a", "y/a"]
    with pytest.raises(InputError, match="twice"):
        check_distinct("c", ["a", "a"])
    with pytest.raises(InputError, match="the natural images"):
        check_distinct("c", ["a", "b/../c"])
