"""Networks read back from files and from runs that are not finished."""

import json
import shutil

import keras
import numpy as np
import pytest

from gan_knowledge_gaps.data import ArrayImages, InputError
from gan_knowledge_gaps.stylegan2 import NetworkConfig, StyleGAN2Task, TrainingConfig, load_network
from gan_knowledge_gaps.stylegan2.saved import transfer
from gan_knowledge_gaps.training.checkpoints import Checkpoints
from gan_knowledge_gaps.training.config import to_json

NETWORK = NetworkConfig(
    resolution=8, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1, mbstd_group=1
)
NAMES = ("generator", "generator_ema", "discriminator")


@pytest.fixture(scope="module")
def task() -> StyleGAN2Task:
    """A task whose networks all differ from fresh ones, and from each other."""
    task = StyleGAN2Task(NETWORK, TrainingConfig(), ArrayImages(np.zeros([4, 8, 8, 3], "u1")), 0)
    for index, name in enumerate(NAMES):
        for variable in task.state[name]:
            variable.assign_add(0.5 * np.ones(variable.shape, "f") * (index + 1))
    return task


@pytest.fixture
def run(task, tmp_path):
    """The folder of a run that was stopped after the second of its checkpoints."""
    folder = tmp_path / "run"
    checkpoints = Checkpoints(folder / "checkpoints", task.state)
    for step in (3, 7):
        checkpoints.save(step)
    (folder / "config.json").write_text(json.dumps({"network": to_json(NETWORK)}))
    return folder


def same(network: keras.Model, other: keras.Model) -> bool:
    return all(
        np.array_equal(a.numpy(), b.numpy())
        for a, b in zip(network.variables, other.variables, strict=True)
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_run_gives_its_checkpoint_and_at_last_its_file(name, task, run):
    network = getattr(task, name)
    assert same(load_network(run, name), network)
    network.save(run / f"{name}.keras")
    shutil.rmtree(run / "checkpoints")
    assert same(load_network(run, name), network)
    assert same(load_network(run / f"{name}.keras", name), network)


def test_a_damaged_checkpoint_leaves_the_one_before(task, run, capsys):
    (run / "checkpoints/step-000000007/description.json").write_text("{}")
    assert same(load_network(run), task.generator_ema)
    assert "reading step 3" in capsys.readouterr().err


def test_what_is_no_network_is_refused_in_one_line(task, run, tmp_path):
    with pytest.raises(InputError, match="neither a folder nor a file"):
        load_network(tmp_path / "nothing")
    (tmp_path / "text.keras").write_text("no model")
    with pytest.raises(InputError, match=r"text\.keras cannot be read as a Keras model"):
        load_network(tmp_path / "text.keras")
    task.discriminator.save(tmp_path / "d.keras")
    with pytest.raises(InputError, match="holds no generator of StyleGAN2"):
        load_network(tmp_path / "d.keras")
    shutil.rmtree(run / "checkpoints")
    with pytest.raises(InputError, match=r"neither generator_ema\.keras nor a checkpoint"):
        load_network(run)


def test_a_folder_of_something_else_is_named_and_not_read(task, tmp_path):
    # As a classifier's training leaves it: `--transfer` of such a folder.
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "cnn", "seed": 0}))
    (tmp_path / "model.keras").write_bytes(b"")
    with pytest.raises(InputError, match=r"config\.json is of no run of StyleGAN2") as caught:
        transfer(task, tmp_path)
    assert "give the folder of a run of stylegan2.train" in str(caught.value)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ({"resolution": "8"}, 'network.resolution is "8", not a whole number'),
        ({"resolution": 7}, "network.resolution is 7; it must be at least 8"),
        ({"mapping_lr_multiplier": None}, "network.mapping_lr_multiplier is null"),
        ({"colour": 1}, "'colour'"),
        ([], "network is [], not an object"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_named(run, network, said):
    config = {"network": to_json(NETWORK) | network if network else []}
    (run / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError) as caught:
        load_network(run)
    assert said in str(caught.value) and "config.json" in str(caught.value)


def test_a_checkpoint_of_another_run_makes_no_images(task, run):
    (run / "run.json").write_text(json.dumps({"id": "ours"}))
    Checkpoints(run / "checkpoints", task.state, 9, run="theirs").save(8)
    assert load_network(run).config == NETWORK  # of step 7, which does not say
    shutil.rmtree(run / "checkpoints")
    Checkpoints(run / "checkpoints", task.state, run="theirs").save(8)
    with pytest.raises(InputError, match="no checkpoint"):
        load_network(run)
