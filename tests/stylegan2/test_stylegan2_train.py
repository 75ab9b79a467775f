"""`python -m stylegan2.train` as people run it."""

import json
import shutil
import subprocess
from pathlib import Path

import commands
import keras
import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.stylegan2 import Discriminator, Generator, NetworkConfig, sample
from gan_knowledge_gaps.stylegan2.run import open_fooling, open_watch

# The smallest training: one kind of step, so that one graph is built.
TINY = (
    "--network_resolution=8", "--network_fmap_max=4", "--network_latent_dim=4",
    "--network_w_dim=4", "--network_mapping_layers=1", "--training_kimg=1",
    "--training_batch_size=100", "--training_micro_batch=100", "--training_gamma=0",
    "--training_path_length_weight=0", "--training_style_mixing=0", "--network_mbstd_group=1",
    "--tick_kimg=0.2", "--snapshot_ticks=2",
)  # fmt: skip

# What is kept on the way.
MEASURED = ("--keep_networks", "--metrics=fid", "--features=random-vgg16", "--num_generated=16")


def train(*arguments: str) -> subprocess.CompletedProcess:
    return commands.run("-m", "stylegan2.train", *arguments)


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    """A folder of 30 small pictures."""
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for index in range(30):
        pixels = random.integers(0, 256, (10, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def run(images, tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess]:
    folder = tmp_path_factory.mktemp("runs") / "first"
    return folder, train(f"--run={folder}", f"--data={images}", *TINY, *MEASURED, "--profile=2")


def test_a_run_leaves_networks_metrics_and_samples(run):
    folder, done = run
    assert done.returncode == 0, done.stderr
    assert "24 of 30 images train; generator" in done.stderr
    assert "tick 5  kimg 1.0 of 1  sec/kimg" in done.stderr and "memory" in done.stderr
    assert "left 0.0 s" in done.stderr
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6, 8, 10]
    assert all(np.isfinite(list(line.values())).all() for line in lines)
    assert Image.open(folder / "samples.png").size == (8 * 8 + 14, 8 * 8 + 14)
    assert [path.name for path in sorted((folder / "samples").iterdir())] == [
        "step-000000000.png", "step-000000004.png", "step-000000008.png",
    ]  # fmt: skip
    assert np.asarray(Image.open(folder / "natural.png")).shape[-1] == 3
    assert len(list(folder.glob("profile/plugins/profile/*/*.xplane.pb"))) == 1
    assert done.stdout.strip() == str(folder / "generator_ema.keras")
    from gan_knowledge_gaps import stylegan2

    generator = keras.models.load_model(folder / "generator_ema.keras")
    assert isinstance(generator, stylegan2.Generator)
    grid = np.asarray(Image.open(folder / "samples.png"))
    first = stylegan2.sample(generator, np.arange(1))[0]
    assert np.abs(first.astype(int) - grid[:8, :8]).max() <= 1


def test_the_network_of_every_grid_is_kept(run):
    from gan_knowledge_gaps import stylegan2

    kept = sorted((run[0] / "snapshots").glob("*.keras"))
    grids = sorted((run[0] / "samples").iterdir())[1:]  # without what an untrained one makes
    last = keras.models.load_model(run[0] / "snapshots/discriminators" / kept[-1].name)
    assert isinstance(last, Discriminator)
    assert [path.name for path in kept] == [f"{path.stem}.keras" for path in grids]
    for network, picture in zip(kept, grids, strict=True):
        first = stylegan2.sample(stylegan2.load_network(network), np.arange(1))[0]
        shown = np.asarray(Image.open(picture))[:8, :8]
        assert np.abs(first.astype(int) - shown).max() <= 1


def test_the_best_snapshot_is_the_one_whose_score_evaluate_finds_lowest(run, images):
    folder, _ = run
    report = json.loads((folder / "snapshots/evaluation.json").read_text())["evaluations"]
    found = {entry["conditions"]["network"]: entry["figures"][0]["value"] for entry in report}
    kept = {str(path): path for path in (folder / "snapshots").glob("*.keras")}
    assert found.keys() == kept.keys() and len(found) == 2
    best = kept[min(found, key=found.get)]
    for mine, theirs in zip(
        *(keras.models.load_model(path).variables for path in (folder / "best.keras", best)),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, theirs)
    again = commands.run(
        "-m", "stylegan2.evaluate", f"--network={best}", f"--data={images}", "--metrics=fid",
        "--features=random-vgg16", "--num_generated=16", f"--output={folder / 'again'}",
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    value = json.loads((folder / "again/evaluation.json").read_text())["evaluations"][0]["figures"]
    np.testing.assert_allclose(value[0]["value"], found[str(best)], rtol=1e-6)


@pytest.mark.long
def test_a_finished_run_that_is_extended_ends_as_a_longer_one(images, tmp_path):
    given = f"--data={images}", *TINY, "--images=all"
    short, longer = (f"--run={tmp_path / name}" for name in ("short", "longer"))
    assert "30 of 30 images train" in train(short, *given).stderr
    assert train(short, *given, "--training_kimg=2").returncode == 0
    assert train(f"--resume={tmp_path / 'short'}", "--training_kimg=3").returncode == 0
    assert train(longer, *given, "--training_kimg=3").returncode == 0
    for name in ("generator", "generator_ema", "discriminator"):
        one, other = (
            keras.models.load_model(tmp_path / run / f"{name}.keras") for run in ("short", "longer")
        )
        for a, b in zip(one.variables, other.variables, strict=True):
            np.testing.assert_array_equal(a, b)
    refused = train(short, *given)
    assert refused.returncode == 2 and "--training_kimg=3" in refused.stderr


@pytest.mark.long
@pytest.mark.parametrize("by", ["resume", "the same command", "images that moved"])
def test_resuming_a_finished_run_changes_nothing(run, images, tmp_path, by):
    folder, _ = run
    before = (folder / "metrics.jsonl").read_bytes()
    moved = shutil.copytree(images, tmp_path / "moved") if by == "images that moved" else images
    command = f"--run={folder}", f"--data={moved}", *TINY, *MEASURED
    again = train(f"--resume={folder}", "--profile=2") if by == "resume" else train(*command)
    assert again.returncode == 0, again.stderr
    assert (folder / "metrics.jsonl").read_bytes() == before


@pytest.mark.long
def test_a_transfer_begins_with_the_weights_and_nothing_else(run, images, tmp_path):
    source, _ = run
    done = train(
        f"--run={tmp_path / 'new'}", f"--data={images}", f"--transfer={source}", *TINY,
        "--training_learning_rate=0", "--training_ema_kimg=0", "--seed=7",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"beginning with the networks of {source}" in done.stderr
    old, new = (
        keras.models.load_model(folder / "generator.keras") for folder in (source, tmp_path / "new")
    )
    for a, b in zip(old.trainable_variables, new.trainable_variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    steps = [json.loads(line)["step"] for line in (tmp_path / "new/metrics.jsonl").open()]
    assert steps[0] == 2 and steps[-1] == 10  # A run of its own.


@pytest.mark.long
def test_mistakes_are_one_clear_line(run, images, tmp_path, tmp_path_factory):
    folder, _ = run
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(images, other, dirs_exist_ok=True)
    (other / "0.png").unlink()
    mistakes = {
        ("--run=x",): "--data",
        (f"--run={folder}", f"--data={images}", *TINY, *MEASURED, "--seed=3"):
            f"{folder} holds a run with --seed=0, not 3",
        (f"--run={folder}", f"--data={images}", *TINY, *MEASURED, "--training_gamma=1"):
            f"{folder} holds a run with --training_gamma=0.0, not 1.0",
        (f"--run={folder}", f"--data={other}", *TINY, *MEASURED):
            f"the images of {other} are not those",
        (f"--resume={tmp_path}",): f"{tmp_path} holds no run: there is no config.json",
        (f"--resume={folder}", "--seed=3"): "--seed cannot be changed when a run is resumed",
        (f"--run={tmp_path / 'a'}", f"--data={images}", "--training_batch_size=5"): "multiple of 4",
        (f"--run={tmp_path / 'd'}", f"--data={images}", "--network_resolution=1048576"): "GB of",
        (f"--run={tmp_path / 'b'}", f"--data={images}", "--fool=none.keras"): "there is no file",
        (f"--run={tmp_path / 'c'}", f"--data={images}", f"--transfer={folder}"): "differ: ",
        (
            f"--run={tmp_path / 'd'}", "--data=none", *TINY,
            f"--fool={folder / 'discriminator.keras'}",
        ): "is a GAN's discriminator",
    }  # fmt: skip
    for arguments, message in mistakes.items():
        done = train(*arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert message in line and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


SMALL = NetworkConfig(resolution=8, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1)


def dense(shape, units: int = 1, activation: str | None = None) -> keras.Model:
    layers = [keras.layers.Flatten(), keras.layers.Dense(units, activation)]
    return keras.Sequential([keras.Input(shape), *layers])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: Discriminator(SMALL), "discriminator"),
        (lambda: Generator(SMALL), "it is a Generator"),
        (lambda: dense((16, 16, 3)), "takes images of 16x16x3; here they are 8x8x3"),
        (lambda: dense((8, 8, 1)), "takes images of 8x8x1; here they are 8x8x3"),
        (lambda: dense((8, 8, 3), 10), "logits [N, 1]"),
        (lambda: dense((8, 8, 3), 1, "sigmoid"), "last activation is sigmoid"),
    ],
)
def test_only_a_classifier_of_the_networks_images_can_be_fooled(model, message, tmp_path):
    model().save(tmp_path / "model.keras")
    for path in (tmp_path, tmp_path / "model.keras"):
        config = {"fool": [str(path)], "phi": 1.0, "fooling_jpeg": "none"}
        with pytest.raises(InputError) as caught:
            open_fooling(SMALL, config)
        assert message in str(caught.value) and "--fool: " in str(caught.value)
        assert str(tmp_path / "model.keras") in str(caught.value)


def test_a_detectors_folder_can_be_fooled(tmp_path):
    model = dense((8, 8, 3))
    model.save(tmp_path / "model.keras")
    config = {"fool": [str(tmp_path)], "phi": 2.0, "fooling_jpeg": "none"}
    images = np.random.default_rng(0).uniform(0, 2, (3, 8, 8, 3)).astype("f")  # small logits
    expected = 2 * np.logaddexp(0, model(images).numpy()[:, 0].astype(float))
    np.testing.assert_allclose(open_fooling(SMALL, config)(images), expected, rtol=1e-5)


def test_what_fools_is_watched_as_it_is_by_those_in_the_loss_and_another(tmp_path):
    models = [dense((8, 8, 3)) for _ in range(2)]
    for number, model in enumerate(models):
        model.save(tmp_path / f"{number}.keras")
    config = {"fool": [str(tmp_path / "0.keras")], "phi": 1.0, "fooling_jpeg": "none"}
    fooling = open_fooling(SMALL, config)
    watch = open_watch(SMALL, config | {"held_out": str(tmp_path / "1.keras")}, fooling)
    generator = Generator(SMALL, seed=1)
    images = sample(generator, np.arange(256)).astype("f")
    expected = [float((model(images).numpy() > 0).mean()) for model in models]
    assert watch(generator) == {
        "detection_in_loss": expected[0], "detection_held_out": expected[1],
    }  # fmt: skip
    assert open_watch(SMALL, config, None) is None
    assert list(open_watch(SMALL, config, fooling)(generator)) == ["detection_in_loss"]
    with pytest.raises(InputError, match="--held_out: "):
        open_watch(SMALL, config | {"held_out": str(tmp_path / "none")}, fooling)


@pytest.mark.long
def test_a_run_keeps_the_precision_that_it_began_with_and_a_new_one_measures(images, tmp_path):
    given = f"--run={tmp_path / 'run'}", f"--data={images}", *TINY
    assert train(*given, "--network_precision=bfloat16").returncode == 0
    again = train(*given, "--network_precision=auto")
    assert again.returncode == 0 and "times as fast" not in again.stderr
    new = train(f"--run={tmp_path / 'new'}", f"--data={images}", *TINY, "--network_precision=auto")
    chosen = json.loads((tmp_path / "new" / "config.json").read_text())["network"]["precision"]
    assert f"--network_precision={chosen}" in new.stderr
    refused = train(
        f"--run={tmp_path / 'two'}", f"--data={images}", *TINY, "--network_precision=auto",
        "--cpu_replicas=2",
    )  # fmt: skip
    assert refused.returncode == 2 and "--network_precision" in refused.stderr
    assert not (tmp_path / "two").exists()
