"""A conditional StyleGAN2 on one's own labelled images: trained, resumed and evaluated."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

TINY = (
    "--network_resolution=8", "--network_fmap_max=4", "--network_latent_dim=4",
    "--network_w_dim=4", "--network_mapping_layers=1", "--training_kimg=0.2",
    "--training_batch_size=100", "--training_micro_batch=100", "--training_gamma=0",
    "--training_path_length_weight=0", "--training_style_mixing=0", "--network_mbstd_group=1",
    "--tick_kimg=0.1", "--snapshot_ticks=2",
)  # fmt: skip


def run(module: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", f"stylegan2.{module}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    """A folder of 30 pictures in three classes, with a dataset.json."""
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    names = [f"{index}.png" for index in range(30)]
    for name in names:
        pixels = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    labels = [[name, index % 3] for index, name in enumerate(names)]
    (folder / "dataset.json").write_text(json.dumps({"labels": labels}))
    return folder


def test_training_resuming_and_evaluating(images, tmp_path):
    folder = tmp_path / "run"
    done = run("train", f"--run={folder}", f"--data={images}", *TINY, "--network_label_dim=3")
    assert done.returncode == 0, done.stderr
    generator = keras.models.load_model(folder / "generator_ema.keras")
    assert generator.config.label_dim == 3
    networks = (folder / "generator_ema.keras").read_bytes()
    done = run("train", f"--resume={folder}")
    assert done.returncode == 0, done.stderr
    assert "resuming at step 2" in done.stderr
    assert len(networks) == (folder / "generator_ema.keras").stat().st_size
    layers = keras.Input((8, 8, 3)), keras.layers.AveragePooling2D(4), keras.layers.Flatten()
    keras.Sequential(layers).save(tmp_path / "means.keras")
    evaluation = (
        f"--network={folder}", "--metrics=fid", "--num_generated=24",
        f"--features={tmp_path / 'means.keras'}", f"--cache={tmp_path / 'cache'}",
    )  # fmt: skip
    done = run("evaluate", f"--data={images}", *evaluation)
    assert done.returncode == 0, done.stderr
    assert "24 generated, 24 natural" in done.stdout


def test_labels_that_the_network_does_not_have(images, tmp_path):
    done = run("train", f"--run={tmp_path / 'x'}", f"--data={images}", *TINY,
               "--network_label_dim=2")  # fmt: skip
    assert done.returncode == 2
    assert "images have labels up to 2: give 3 or more" in done.stderr
    assert "Traceback" not in done.stderr
    (images / "dataset.json").rename(images / "dataset.txt")
    done = run("train", f"--run={tmp_path / 'x'}", f"--data={images}", *TINY,
               "--network_label_dim=3")  # fmt: skip
    assert done.returncode == 2
    assert "the images have no labels: put a dataset.json" in done.stderr
    assert "1 files of" in done.stderr and "1 .txt" in done.stderr
