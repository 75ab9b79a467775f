"""`python -m evaluation.compare`: its scores are those of the features of two folders."""

import json
import zipfile
from pathlib import Path

import commands
import numpy as np
import pytest
from related_pictures import scene

from gan_knowledge_gaps.data import open_path
from gan_knowledge_gaps.evaluation.extractors import open_extractor
from gan_knowledge_gaps.metrics import (
    density_coverage,
    frechet_distance,
    gaussian_statistics,
    precision_recall,
)


def write(folder: Path, seeds: range, side: int) -> Path:
    folder.mkdir()
    for seed in seeds:
        scene(seed, side).save(folder / f"{seed}.png")
    return folder


def compare(*flags: str):
    return commands.run("-m", "evaluation.compare", *flags)


def test_scores_are_those_of_the_features(tmp_path):
    reference, images = (
        write(tmp_path / "a", range(14), 32),
        write(tmp_path / "b", range(8, 20), 32),
    )
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for path in images.iterdir():
            archive.write(path, path.name)
    flags = (
        f"--reference={reference}", f"--images={tmp_path / 'b.zip'}", "--features=random-vgg16",
        f"--output={tmp_path / 'report'}",
    )  # fmt: skip
    done = compare(*flags)
    assert done.returncode == 0, done.stderr
    entry = json.loads((tmp_path / "report/evaluation.json").read_text())["evaluations"][0]
    found = {each["name"].partition(" (")[0]: each["value"] for each in entry["figures"]}
    extractor = open_extractor("random-vgg16")
    wholes = [open_path(str(each), 32, 3).dataset.whole for each in (images, reference)]
    features = [extractor(each.read(np.arange(len(each)))) for each in wholes]
    statistics = [each for part in features for each in gaussian_statistics(part)]
    assert found["frechet distance"] == pytest.approx(frechet_distance(*statistics), rel=1e-4)
    assert (found["precision"], found["recall"]) == precision_recall(*features)
    assert (found["density"], found["coverage"]) == density_coverage(*features)
    assert np.isfinite(found["kernel distance"])


def test_sets_of_two_sizes_need_a_resolution(tmp_path):
    paths = write(tmp_path / "a", range(6), 32), write(tmp_path / "b", range(6), 48)
    flags = f"--reference={paths[0]}", f"--images={paths[1]}", "--features=random-vgg16"
    refused = compare(*flags)
    assert refused.returncode == 2 and "32 and 48 pixels" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    done = compare(*flags, "--resolution=32", "--metrics=pr")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 2  # a line each, and no report
