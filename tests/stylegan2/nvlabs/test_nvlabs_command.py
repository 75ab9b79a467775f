"""`python -m stylegan2.import_nvlabs` as people run it, and what its folder is good for."""

import dataclasses
import hashlib
import json
import subprocess

import commands
import numpy as np
import nvlabs_files as files
import pytest
import tensorflow as tf
from nvlabs_files import Spec

from gan_knowledge_gaps.data import ArrayImages, InputError
from gan_knowledge_gaps.stylegan2 import (
    NetworkConfig,
    StyleGAN2Task,
    TrainingConfig,
    import_nvlabs,
    load_network,
    load_nvlabs_pickle,
)
from gan_knowledge_gaps.stylegan2.import_nvlabs import import_file
from gan_knowledge_gaps.stylegan2.saved import transfer
from gan_knowledge_gaps.training.compiling import compile_step

SPEC = Spec(w=3, mapping_layers=1, labels=2, clamp=256.0, label_layers=2)


def command(*arguments) -> subprocess.CompletedProcess:
    return commands.run("-m", "stylegan2.import_nvlabs", *arguments)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    random = np.random.default_rng(0)
    (g, d), (gs, _) = files.torch_arrays(SPEC, random), files.torch_arrays(SPEC, random)
    path = tmp_path_factory.mktemp("files") / "published.pkl"
    return files.write(path, files.torch_networks(SPEC, g, d, gs))


@pytest.fixture(scope="module")
def imported(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "new" / "folder"
    return folder, command(f"--pickle={source}", f"--output={folder}")


def test_the_folder_holds_the_networks_of_the_file(source, imported):
    folder, done = imported
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "generator_ema.keras")
    networks = load_nvlabs_pickle(source)
    counts = [
        sum(int(np.prod(variable.shape)) for variable in each.trainable_variables)
        for each in (networks.generator, networks.discriminator)
    ]
    assert (
        f"StyleGAN2-ADA, PyTorch: 8x8, 3 channels, 2 labels; generator {counts[0]:,} parameters, "
        f"discriminator {counts[1]:,}"
    ) in done.stderr
    names = ("generator", "generator_ema", "discriminator")
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["config.json", *(f"{name}.keras" for name in names)]
    )
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]
    for name in names:
        network, expected = load_network(folder, name), getattr(networks, name)
        assert network.config == expected.config
        for a, b in zip(network.variables, expected.variables, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_the_configuration_is_that_of_a_run(source, imported):
    folder, _ = imported
    config = json.loads((folder / "config.json").read_text())
    assert config["source"] == {
        "file": "published.pkl",
        "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "kind": "StyleGAN2-ADA, PyTorch",
    }
    assert NetworkConfig(**config["network"]) == NetworkConfig(
        resolution=8, label_dim=2, conditioning="projection", discriminator_mapping_layers=2,
        fmap_base=16, fmap_max=6, latent_dim=5, w_dim=3, mapping_layers=1, conv_clamp=256.0,
    )  # fmt: skip


@pytest.mark.long
def test_a_training_begins_with_its_weights_and_goes_on(imported, monkeypatch):
    folder, _ = imported
    network = NetworkConfig(**json.loads((folder / "config.json").read_text())["network"])
    random = np.random.default_rng(0)
    images = ArrayImages(random.integers(0, 256, (8, 8, 8, 3), np.uint8))
    training = TrainingConfig(batch_size=4, micro_batch=4)
    task = StyleGAN2Task(network, training, images, 1, labels=np.arange(8) % 2)
    transfer(task, folder)
    for name in ("generator", "generator_ema", "discriminator"):
        for mine, its in zip(task.state[name], load_network(folder, name).variables, strict=True):
            np.testing.assert_array_equal(mine.numpy(), its.numpy())
    before = [variable.numpy() for variable in task.discriminator.mapping.variables]
    before += [variable.numpy() for variable in task.generator.mapping.label_embed.variables]
    # Networks of random weights would move with Adam's first step wherever a gradient is.
    monkeypatch.setattr(task, "parts", lambda step: ["G", "D", "D_reg"])
    run_step = compile_step(task, tf.distribute.get_strategy())
    metrics = run_step(0, tuple(map(tf.constant, task.batch(0))))
    assert all(np.isfinite(value.numpy()) for value in metrics.values())
    after = [variable.numpy() for variable in task.discriminator.mapping.variables]
    after += [variable.numpy() for variable in task.generator.mapping.label_embed.variables]
    assert all((a != b).any() for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("form", ["alone", "with None"])
def test_the_averaged_generator_is_enough_for_pictures(form, tmp_path):
    arrays = files.torch_arrays(SPEC, np.random.default_rng(0))
    value = files.torch_networks(SPEC, *arrays, arrays[0])
    whole = load_nvlabs_pickle(files.write(tmp_path / "whole.pkl", value)).generator_ema
    part = {"G_ema": value["G_ema"]} | ({} if form == "alone" else {"G": None, "D": None})
    path = files.write(tmp_path / "part.pkl", part)
    for a, b in zip(load_network(path).variables, whole.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    for name in ("generator", "discriminator"):
        with pytest.raises(InputError, match=f"part.pkl holds no {name}: only .* G_ema"):
            load_network(path, name)


def test_a_file_of_the_average_only_is_imported_and_says_what_it_lacks(tmp_path, capsys):
    arrays = files.torch_arrays(SPEC, np.random.default_rng(0))
    networks = files.torch_networks(SPEC, *arrays, arrays[0])
    path = files.write(tmp_path / "ema.pkl", {"G_ema": networks["G_ema"]})
    import_file(path, tmp_path / "run")
    assert "The file lacks generator and discriminator" in capsys.readouterr().err
    assert sorted(each.name for each in (tmp_path / "run").iterdir()) == [
        "config.json", "generator_ema.keras",
    ]  # fmt: skip
    imported, expected = load_network(tmp_path / "run"), load_network(path)
    for a, b in zip(imported.variables, expected.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    with pytest.raises(InputError, match=r"neither generator\.keras nor a checkpoint"):
        load_network(tmp_path / "run", "generator")


def test_other_networks_do_not_take_its_weights(imported):
    folder, _ = imported
    network = NetworkConfig(**json.loads((folder / "config.json").read_text())["network"])
    images = ArrayImages(np.zeros((4, 8, 8, 3), np.uint8))
    other = dataclasses.replace(network, conv_clamp=0.0)
    task = StyleGAN2Task(other, TrainingConfig(), images, 1, labels=np.arange(4) % 2)
    with pytest.raises(InputError, match=r"conv_clamp 256\.0 there, 0\.0 here"):
        transfer(task, folder)


def test_bad_input_is_one_line_and_leaves_nothing(source, imported, tmp_path):
    folder, _ = imported
    bad = tmp_path / "bad.pkl"
    bad.write_bytes(source.read_bytes()[:-100])
    done = command(f"--pickle={bad}", f"--output={tmp_path / 'new'}")
    assert done.returncode == 2
    assert f"error: {bad} cannot be imported: it is " in done.stderr
    assert "Traceback" not in done.stderr
    with pytest.raises(InputError, match="exists already; give --output a new folder"):
        import_file(source, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pkl"]


def test_what_fails_half_way_leaves_nothing(source, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(import_nvlabs, "write_json", fail)
    (tmp_path / "new").mkdir()
    with pytest.raises(OSError, match="no space left"):
        import_file(source, tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    monkeypatch.undo()
    import_file(source, tmp_path / "new")
    assert load_network(tmp_path / "new").config.conv_clamp == 256.0
