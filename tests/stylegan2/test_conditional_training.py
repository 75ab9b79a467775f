"""A conditional StyleGAN2 on one's own labelled images: trained, resumed and evaluated."""

import json
import subprocess
from pathlib import Path

import commands
import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_knowledge_gaps.data import InputError, open_path
from gan_knowledge_gaps.stylegan2 import NetworkConfig, TrainingConfig
from gan_knowledge_gaps.stylegan2.run import make_task, open_data
from gan_knowledge_gaps.training.loop import Loop, LoopConfig

TINY = (
    "--network_resolution=8", "--network_fmap_max=4", "--network_latent_dim=4",
    "--network_w_dim=4", "--network_mapping_layers=1", "--training_kimg=1",
    "--training_batch_size=100", "--training_micro_batch=100", "--training_gamma=0",
    "--training_path_length_weight=0", "--training_style_mixing=0", "--network_mbstd_group=1",
    "--tick_kimg=1", "--snapshot_ticks=2",
)  # fmt: skip
CONFIG = {"fool": [], "seed": 0}


def run(module: str, *arguments: str) -> subprocess.CompletedProcess:
    return commands.run("-m", f"stylegan2.{module}", *arguments)


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


@pytest.mark.long
def test_training_and_evaluating(images, tmp_path):
    folder = tmp_path / "run"
    done = run("train", f"--run={folder}", f"--data={images}", *TINY, "--network_label_dim=3")
    assert done.returncode == 0, done.stderr
    generator = keras.models.load_model(folder / "generator_ema.keras")
    assert generator.config.label_dim == 3
    layers = keras.Input((8, 8, 3)), keras.layers.AveragePooling2D(4), keras.layers.Flatten()
    keras.Sequential(layers).save(tmp_path / "means.keras")
    evaluation = (
        f"--network={folder}", "--metrics=fid", "--num_generated=24",
        f"--features={tmp_path / 'means.keras'}", f"--cache={tmp_path / 'cache'}",
    )  # fmt: skip
    done = run("evaluate", f"--data={images}", *evaluation)
    assert done.returncode == 0, done.stderr
    assert "24 generated, 24 natural" in done.stdout
    (row,) = json.loads((folder / "evaluation.json").read_text())["evaluations"]
    assert row["conditions"]["data_fingerprint"] == open_path(str(images), 8, 3).dataset.fingerprint


@pytest.mark.long
def test_resumed_it_is_what_it_is_unbroken(images, tmp_path):
    network = NetworkConfig(
        resolution=8, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1, label_dim=3
    )
    training = TrainingConfig(kimg=1, batch_size=4, micro_batch=4)
    dataset = open_data(str(images), network)
    np.testing.assert_array_equal(np.bincount(dataset.train_labels), [8, 10, 6])

    def trained(folder: str, steps: int) -> list[np.ndarray]:
        task = make_task(network, training, dataset, CONFIG)
        Loop(task, steps, tmp_path / folder, label=folder, config=LoopConfig(sample_every=0)).run()
        variables = task.generator.variables + task.discriminator.variables
        return [np.asarray(each) for each in variables]

    tf.config.run_functions_eagerly(True)
    try:
        first, resumed, unbroken = trained("a", 1), trained("a", 2), trained("b", 2)
    finally:
        tf.config.run_functions_eagerly(False)
    assert any((a != b).any() for a, b in zip(first, resumed, strict=True))
    for a, b in zip(resumed, unbroken, strict=True):
        np.testing.assert_array_equal(a, b)


def test_labels_that_the_network_does_not_have(images, tmp_path, capsys):
    def mistake(label_dim: int) -> str:
        network = NetworkConfig(resolution=8, fmap_max=4, label_dim=label_dim)
        with pytest.raises(InputError) as caught:
            make_task(network, TrainingConfig(), open_data(str(images), network), CONFIG)
        return str(caught.value)

    assert "labels up to 2" in mistake(2)
    (images / "dataset.json").rename(images / "dataset.txt")
    try:
        assert "dataset.json" in mistake(3)
    finally:
        (images / "dataset.txt").rename(images / "dataset.json")
    assert f"1 files of {images} are passed over: 1 .txt" in capsys.readouterr().err
