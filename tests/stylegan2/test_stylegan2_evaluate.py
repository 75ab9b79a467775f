"""`python -m stylegan2.evaluate` as people run it."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from metrics import frechet_distance, gaussian_statistics, sliced_wasserstein_distances
from stylegan2 import Generator, NetworkConfig, sample
from stylegan2.evaluation.extractors import open_extractor
from stylegan2.evaluation.naturals import open_naturals
from stylegan2.ops import library

CONFIG = NetworkConfig(
    resolution=32, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1, mbstd_group=1
)


def evaluate(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "stylegan2.evaluate", "--ops=tensorflow", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


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


def test_figures_are_printed_and_kept_with_what_they_were_taken_from(place):
    done = evaluate(
        f"--network={place}", f"--data={place / 'pictures'}", "--metrics=fid,pr,swd",
        f"--features={place / 'means.keras'}", "--num_generated=24", "--filter=box",
        f"--cache={place / 'c'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *lines, report = done.stdout.splitlines()
    assert report == str(place / "evaluation.json")
    (evaluation,) = json.loads((place / "evaluation.json").read_text())["evaluations"]
    values = {figure["name"]: figure["value"] for figure in evaluation["figures"]}
    assert list(values) == [
        "frechet distance (means.keras)", "precision (means.keras)", "recall (means.keras)",
        "SWD 32x32 x 1000", "SWD 16x16 x 1000", "SWD mean x 1000",
    ]  # fmt: skip
    assert len(lines) == len(values) and not any("FID" in each for each in lines)
    for each, (name, value) in zip(lines, values.items(), strict=True):
        assert each.startswith(f"{name}: {value:.5g}  (")
        for part in (" natural of the split train", "filter box", "10 of 40 were JPEG files",
                     "truncation 1.0", "noise random", "seed 0"):  # fmt: skip
            assert part in each
    assert "24 generated, 32 natural" in lines[0] and "24 generated, 24 natural" in lines[-1]
    # The same by hand.
    library.prefer("tensorflow")
    generated = sample(Generator(CONFIG, seed=1), np.arange(24))
    library.prefer("auto")
    naturals = open_naturals(str(place / "pictures"), CONFIG, "train", "box")
    natural = naturals.images.read(np.arange(32))
    features = open_extractor(str(place / "means.keras"))
    statistics = [gaussian_statistics(features(images)) for images in (generated, natural)]
    expected = frechet_distance(*statistics[0], *statistics[1])
    assert values["frechet distance (means.keras)"] == pytest.approx(expected, rel=1e-2)
    distances = sliced_wasserstein_distances(generated, natural[:24])
    assert values["SWD 32x32 x 1000"] == pytest.approx(1000 * distances[32], rel=1e-2)
    assert (place / "evaluation.md").read_text().count("\n") == 2 + 6
    # Natural features are kept; those of the generator are not.
    (key,) = (place / "c").glob("*/key.json")
    assert json.loads(key.read_text())["what"] == "natural"


def test_a_mistake_is_one_clear_line(place):
    done = evaluate(f"--network={place}", f"--data={place / 'pictures'}")
    assert done.returncode == 2 and not done.stdout
    (said,) = [each for each in done.stderr.splitlines() if each.startswith("error: ")]
    assert "--inception is missing" in said and "Traceback" not in done.stderr
    assert not (place / "evaluation.json").exists()
