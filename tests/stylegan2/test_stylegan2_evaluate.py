"""`python -m stylegan2.evaluate` as people run it."""

import json
import subprocess

import commands
import keras
import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.evaluation.config import EvaluationConfig
from gan_knowledge_gaps.evaluation.extractors import open_extractor
from gan_knowledge_gaps.evaluation.reference import open_reference
from gan_knowledge_gaps.metrics import (
    frechet_distance,
    gaussian_statistics,
    sliced_wasserstein_distances,
)
from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig, sample
from gan_knowledge_gaps.stylegan2.evaluate import mirroring
from gan_knowledge_gaps.stylegan2.run import trained_mirrored
from gan_knowledge_gaps.training.native import library

CONFIG = NetworkConfig(
    resolution=32, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1, mbstd_group=1
)


def evaluate(*arguments: str) -> subprocess.CompletedProcess:
    return commands.run("-m", "stylegan2.evaluate", "--ops=tensorflow", *arguments)


@pytest.fixture
def place(tmp_path):
    """A folder with a generator, 40 pictures, 10 of them JPEG files, and a model of features."""
    (tmp_path / "pictures").mkdir()
    random = np.random.default_rng(0)
    for index in range(40):
        pixels = random.integers(0, 256, (4, 4, 3), dtype=np.uint8).repeat(9, 0).repeat(8, 1)
        suffix = "png" if index % 4 else "jpg"
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{index}.{suffix}")
    Generator(CONFIG, seed=1).save(tmp_path / "generator_ema.keras")
    layers = keras.Input((32, 32, 3)), keras.layers.AveragePooling2D(16), keras.layers.Flatten()
    keras.Sequential(layers).save(tmp_path / "means.keras")
    return tmp_path


@pytest.mark.long
def test_scores_are_printed_and_kept_with_what_they_were_taken_from(place):
    done = evaluate(
        f"--network={place}", f"--data={place / 'pictures'}", "--metrics=fid,pr,swd",
        f"--features={place / 'means.keras'}", "--num_generated=24", "--filter=box",
        f"--output={place / 'report'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *lines, report = done.stdout.splitlines()
    assert report == str(place / "report/evaluation.json")
    (evaluation,) = json.loads((place / "report/evaluation.json").read_text())["evaluations"]
    values = {figure["name"]: figure["value"] for figure in evaluation["figures"]}
    assert list(values) == [
        "frechet distance (means.keras)", "precision (means.keras)", "recall (means.keras)",
        "SWD 32x32 x 1000", "SWD 16x16 x 1000", "SWD mean x 1000",
    ]  # fmt: skip
    assert len(lines) == len(values) and not any("FID" in each for each in lines)
    for each, (name, value) in zip(lines, values.items(), strict=True):
        assert each.startswith(f"{name}: {value:.5g}  (")
        for part in (" natural of the split train", "each once, none mirrored",
                     "protocol split", "filter box", "10 of 40 were JPEG files",
                     "truncation 1.0", "noise random", "seed 0"):  # fmt: skip
            assert part in each
    assert "24 generated, 32 natural" in lines[0] and "24 generated, 24 natural" in lines[-1]
    # The same by hand.
    library.prefer("tensorflow")
    generated = sample(Generator(CONFIG, seed=1), np.arange(24))
    library.prefer("auto")
    reference = open_reference(str(place / "pictures"), 32, 3, EvaluationConfig(), "box")
    natural = reference.images.read(np.arange(32))
    features = open_extractor(str(place / "means.keras"))
    statistics = [gaussian_statistics(features(images)) for images in (generated, natural)]
    expected = frechet_distance(*statistics[0], *statistics[1])
    assert values["frechet distance (means.keras)"] == pytest.approx(expected, rel=1e-2)
    distances = sliced_wasserstein_distances(generated, natural[:24])
    assert values["SWD 32x32 x 1000"] == pytest.approx(1000 * distances[32], rel=1e-2)
    assert (place / "report/evaluation.md").read_text().count("\n") == 2 + 6
    # Natural features are kept beside the report; those of the generator are not.
    assert {path.name for path in (place / "report").glob("[!.]*")} == {
        "cache", "evaluation.json", "evaluation.md"
    }  # fmt: skip
    (key,) = (place / "report/cache").glob("*/key.json")
    assert json.loads(key.read_text())["what"] == "natural"


def test_a_mistake_is_one_clear_line(place):
    done = evaluate(f"--network={place}", f"--data={place / 'pictures'}")
    assert done.returncode == 2 and not done.stdout
    (said,) = [each for each in done.stderr.splitlines() if each.startswith("error: ")]
    assert "--inception is missing" in said and "Traceback" not in done.stderr
    assert not (place / "evaluation.json").exists()


@pytest.mark.long
def test_a_protocol_and_a_path_are_printed_and_the_same_figures_replace_the_old_ones(place):
    (place / "config.json").write_text('{"training": {"mirror": true}}')
    inputs = [keras.Input((16, 16, 3)) for _ in range(2)]
    apart = keras.layers.Subtract()(inputs)
    squared = keras.layers.Multiply()([apart, apart])
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(squared)[:, 0])
    model.save(place / "d.keras")
    arguments = (
        f"--network={place}", f"--data={place / 'pictures'}", "--metrics=fid,ppl_zend",
        f"--features={place / 'means.keras'}", f"--perceptual={place / 'd.keras'}",
        "--num_generated=16", "--num_paths=20", "--protocol=stylegan2", "--num_natural=100",
        f"--cache={place / 'c'}",
    )  # fmt: skip
    done = evaluate(*arguments)
    assert done.returncode == 0, done.stderr
    assert "40 natural images" in done.stderr
    (evaluation,) = json.loads((place / "evaluation.json").read_text())["evaluations"]
    fid, path = evaluation["figures"]
    assert evaluation["conditions"]["protocol"] == "stylegan2"
    assert (fid["natural"], fid["repeats"]) == (100, 2.5) and 30 < fid["mirrored"] < 70
    lines = done.stdout.splitlines()
    assert f"each 2.5 times, {fid['mirrored']} mirrored, 32x32" in lines[0]
    assert "protocol stylegan2" in lines[0]
    assert lines[1].startswith("ppl_zend: ")
    assert "(20 paths in Z, end, cropped, epsilon 0.0001, " in lines[1]
    # The run says that it mirrored: the flag that says so too changes nothing.
    assert evaluate(*arguments, "--mirror").returncode == 0
    (again,) = json.loads((place / "evaluation.json").read_text())["evaluations"]
    assert "--mirror" in again["command"] and again["figures"] == [fid, path]


def test_the_run_decides_what_is_mirrored_and_else_the_flag(tmp_path):
    assert [mirroring(tmp_path, given) for given in (True, False, None)] == [True, False, None]
    for trained, other, flag in ((True, False, "--nomirror"), (False, True, "--mirror")):
        (tmp_path / "config.json").write_text(json.dumps({"training": {"mirror": trained}}))
        assert mirroring(tmp_path, None) is mirroring(tmp_path, trained) is trained
        with pytest.raises(InputError, match=f"^{flag}: .*; leave it out"):
            mirroring(tmp_path, other)


def test_whether_the_training_mirrored_is_known_from_the_run(tmp_path):
    run = tmp_path / "run"
    (run / "snapshots").mkdir(parents=True)
    for path in (run / "generator_ema.keras", run / "snapshots" / "step-000000010.keras"):
        path.touch()
    (tmp_path / "other.keras").touch()
    (run / "old.pkl").touch()
    assert trained_mirrored(run) is None
    for mirror in (True, False):
        (run / "config.json").write_text(json.dumps({"training": {"mirror": mirror}}))
        for path in (run, run / "generator_ema.keras", run / "snapshots/step-000000010.keras"):
            assert trained_mirrored(path) is mirror
    for path in (tmp_path / "other.keras", run / "old.pkl", tmp_path / "none"):
        assert trained_mirrored(path) is None
    (run / "config.json").write_text(json.dumps({"network": {}}))  # of an import
    assert trained_mirrored(run) is None
