"""Classifiers of generators from outside: two GANs of the lab, exported, and a corruption."""

import json
import subprocess
from pathlib import Path

import commands
import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score, roc_curve

from gan_knowledge_gaps import data
from gan_knowledge_gaps.experiments.export_images import load_sampler
from gan_knowledge_gaps.lab.specs import GAN

NAMES = ("first", "second", "inverted")


def write(folder: Path, images: np.ndarray) -> Path:
    folder.mkdir()
    for index, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(folder / f"{index:03}.png")
    return folder


@pytest.fixture
def folders(lab, images, tmp_path) -> dict[str, Path]:
    """48 images of each generator."""
    gans = {name: GAN(seed) for seed, name in enumerate(NAMES[:2])}
    lab.train(gans.values())
    made = {
        name: load_sampler(lab.artifact(gan).folder)(np.arange(48)) for name, gan in gans.items()
    }
    natural = data.open_path(str(images), 28, 1).dataset.whole
    made["inverted"] = 255 - natural.read(np.arange(len(natural)))
    return {name: write(tmp_path / name, each) for name, each in made.items()}


def rate_at_5(labels: np.ndarray, scores: np.ndarray) -> float:
    """Generated images detected with at most 5 % of the natural ones, by the ROC curve."""
    false, true, _ = roc_curve(labels, scores, drop_intermediate=False)
    return true[false <= 0.05].max()


# By the names of the matrices: the column of the table of classifiers, and scikit-learn's value.
EXPECTED = {
    "roc_auc": ("AUC", roc_auc_score),
    "detection_rate_at_5_fpr": ("detection rate at 5 % FPR", rate_at_5),
}


def run(natural: Path, folders: dict, workdir: Path) -> subprocess.CompletedProcess:
    generators = ",".join(f"{name}={path}" for name, path in folders.items())
    return commands.run(
        "-m", "experiments.cross_generator", f"--natural={natural}",
        f"--generators={generators}", "--resolution=28", "--channels=1", f"--workdir={workdir}",
        "--classifier_epochs=1", "--classifier_width=0.25", "--nonatural_samples",
    )  # fmt: skip


@pytest.mark.long
def test_the_matrix_is_of_the_classifiers_that_the_report_names(folders, images, tmp_path):
    workdir = tmp_path / "runs"
    done = run(images, folders, workdir)
    assert done.returncode == 0, done.stderr
    assert "trained 6 of 6" in done.stdout
    report = json.loads(next(workdir.glob("results/cross_generator-*/report.json")).read_text())
    tables = {table["name"]: table for table in report["tables"]}
    for name in EXPECTED:
        assert tables[name]["columns"] == tables[name]["rows"] == list(NAMES)
    made = {path.parent.name for path in workdir.glob("artifacts/*/DONE.json")}
    assert set(report["provenance"]) > made  # and the sets of images
    left_out = tables["classifiers"]
    assert left_out["rows"] == [f"cnn, all but {NAMES[k - 1]}" for k in range(3)]
    # Each row by Keras and scikit-learn alone, from the pictures and the model that was trained.
    natural = data.open_path(str(images), 28, 1).dataset.evaluation
    sets = {name: data.open_path(str(path), 28, 1).dataset for name, path in folders.items()}
    prints = {each.fingerprint: name for name, each in sets.items()}
    for path in workdir.glob("artifacts/classifier-*/DONE.json"):
        pool = [prints[each] for each in json.loads(path.read_text())["depends_on"].values()]
        model = keras.models.load_model(path.with_name("model.keras"), compile=False)
        for column, name in enumerate(NAMES):
            images_of = sets[name].evaluation
            # As many as there are natural ones.
            both = [each.read(np.arange(len(natural))) for each in (natural, images_of)]
            scores = model(np.concatenate(both).astype(np.float32)).numpy()[:, 0]
            labels = np.repeat([0, 1], [len(each) for each in both])
            for metric, (title, expected) in EXPECTED.items():
                if len(pool) == 1:
                    cell = tables[metric]["cells"][NAMES.index(pool[0])][column]
                elif name not in pool:
                    cell = left_out["cells"][(column + 1) % 3][left_out["columns"].index(title)]
                else:
                    continue
                assert cell["values"] == pytest.approx([expected(labels, scores)], abs=1e-6)
    again = run(images, folders, workdir)
    assert "trained 0 of 6" in again.stdout, again.stderr


@pytest.mark.parametrize(
    ("generators", "message"),
    [
        ({}, "give at least 2"),
        ({"a": "nowhere", "b": "nowhere"}, "nowhere"),
        ({"a=": "b"}, "a"),
    ],
)
def test_what_cannot_be_compared_is_one_line(generators, message, images, tmp_path):
    done = run(images, generators, tmp_path / "runs")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and message in done.stderr
    assert not (tmp_path / "runs").exists()
