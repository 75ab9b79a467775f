"""Damage is noticed and repaired, and what was trained on other weights is trained again."""

import errno
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.lab.lab import Lab
from gan_knowledge_gaps.lab.planning.listing import describe_plan
from gan_knowledge_gaps.lab.specs import GAN, Classifier, Snapshot
from gan_knowledge_gaps.lab.store import artifact as artifact_module
from gan_knowledge_gaps.lab.store.artifact import Artifact
from gan_knowledge_gaps.training.digests import weights_sha256
from gan_knowledge_gaps.training.loop import LoopConfig

pytestmark = pytest.mark.long  # its trainings are those of several tests

BASE = GAN(0, snapshots=2)
OTHER = GAN(1, snapshots=2)
JUDGE = Classifier(0, [BASE])
FOOLING = GAN(1000, [JUDGE], phi=1.0)
APART = Classifier(7, [BASE])  # of another experiment
EVERYTHING = (BASE, OTHER, JUDGE, FOOLING, APART)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, dataset, config) -> Path:
    """A workdir with everything in it."""
    workdir = tmp_path_factory.mktemp("trained")
    Lab(workdir, dataset, config, loop_config=LoopConfig(sample_every=0)).train(EVERYTHING)
    return workdir


@pytest.fixture
def lab(trained, tmp_path, dataset, config) -> Lab:
    shutil.copytree(trained, tmp_path / "lab")
    return Lab(tmp_path / "lab", dataset, config)


def flip(path: Path) -> None:
    """Changes one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def manifest(lab: Lab, spec) -> bytes:
    return (lab.artifact(spec).folder / "DONE.json").read_bytes()


def networks(folder: Path) -> list[np.ndarray]:
    names = sorted(folder.glob("*.keras"))
    models = [keras.models.load_model(name, compile=False) for name in names]
    return [weight for model in models for weight in model.get_weights()]


def lose(path: Path) -> None:
    path.unlink()


def forge(path: Path) -> None:
    """Another digit in a manifest that can still be read."""
    text = path.read_text()
    at = text.index('"weights_sha256": "') + len('"weights_sha256": "')
    path.write_text(text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("model.keras", flip),
        ("model.keras", lose),
        ("discriminator.keras", flip),
        ("DONE.json", lambda path: path.write_bytes(b"{")),
        ("DONE.json", forge),
    ],
)
def test_a_damaged_artifact_is_rebuilt_to_the_same_weights(name, damage, lab, capsys):
    folder = lab.artifact(BASE).folder
    before, others = networks(folder), [manifest(lab, spec) for spec in EVERYTHING[1:]]
    damage(folder / name)
    assert lab.missing(EVERYTHING) == [BASE] and lab.state(BASE) == "damaged"
    assert lab.train(EVERYTHING) == [BASE]
    for mine, its in zip(networks(folder), before, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert [manifest(lab, spec) for spec in EVERYTHING[1:]] == others
    assert lab.missing(EVERYTHING) == []
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if f"{name} is missing or damaged: rebuilding" in line]) == 1
    assert any("resuming at step 4" in line for line in lines)
    assert any("nothing was trained on other weights" in line for line in lines)


def test_checkpoints_that_are_damaged_too_are_kept_aside(lab, capsys):
    folder = lab.artifact(BASE).folder
    before = networks(folder)
    flip(folder / "model.keras")
    for path in folder.glob("checkpoints/*/manifest.json"):
        path.write_text("{}")
    assert lab.train(EVERYTHING) == [BASE]
    for mine, its in zip(networks(folder), before, strict=True):
        np.testing.assert_array_equal(mine, its)
    aside = folder.with_name(f"{folder.name}.damaged-1")
    assert (aside / "model.keras").exists() and (aside / "DONE.json").exists()
    assert "resuming" not in capsys.readouterr().err


def test_what_used_a_model_that_is_rebuilt_to_others_is_kept_aside_and_trained_again(lab, capsys):
    ours, its = lab.artifact(BASE), lab.artifact(OTHER)
    kept = {spec: manifest(lab, spec) for spec in EVERYTHING}
    # The checkpoint of another training: it ends with other weights, as another processor's would.
    shutil.rmtree(ours.folder / "checkpoints")
    shutil.copytree(its.folder / "checkpoints", ours.folder / "checkpoints")
    shutil.copy(its.folder / "run.json", ours.folder)
    flip(ours.folder / "model.keras")
    assert lab.train([FOOLING]) == [BASE, JUDGE, FOOLING]
    for mine, others in zip(networks(ours.folder), networks(its.folder), strict=True):
        np.testing.assert_array_equal(mine, others)
    for spec in (JUDGE, FOOLING):
        aside = lab.artifact(spec).folder.with_name(f"{lab.key(spec)}.stale-1")
        assert (aside / "DONE.json").read_bytes() == kept[spec]
        assert (aside / "model.keras").exists() and list(aside.glob("checkpoints/step-*"))
        assert lab.artifact(spec).manifest()["depends_on"] == lab.lineage(spec)
    assert manifest(lab, APART) == kept[APART]  # Told of, and left for the experiment that needs it
    lines = capsys.readouterr().err.splitlines()
    told = [
        line.split(",")[0] for line in lines if "builds on the GAN(dcgan, seed 0) of before" in line
    ]
    assert sorted(told) == sorted(repr(spec).split(",")[0] for spec in (JUDGE, FOOLING, APART))
    assert len([line for line in lines if "moved aside to" in line]) == 2
    begun = [line.split(" ")[0] for line in lines if line.startswith("[")]
    assert begun == ["[1/1]", "[2/2]", "[3/3]"]
    assert lab.missing([FOOLING, OTHER]) == [] and lab.missing([APART]) == [APART]
    # Once more: what is aside stays, and gets company.
    lab.artifact(JUDGE).set_aside("stale")
    assert (lab.artifact(JUDGE).folder.with_name(f"{lab.key(JUDGE)}.stale-2")).exists()


def test_a_training_begun_on_other_weights_does_not_go_on(lab):
    folder = lab.artifact(JUDGE).folder
    shutil.rmtree(folder)
    lab.artifact(JUDGE).start({"depends_on": {lab.key(BASE): "0" * 64}})
    assert lab.state(JUDGE) == "stale" and "(stale)" in describe_plan(lab, [JUDGE])
    assert lab.train([JUDGE]) == [JUDGE]
    aside = json.loads((folder.with_name(f"{folder.name}.stale-1") / "STARTED.json").read_text())
    assert aside["depends_on"] == {lab.key(BASE): "0" * 64}


def test_nothing_is_touched_that_another_process_holds(lab):
    flip(lab.artifact(BASE).folder / "model.keras")
    damaged = manifest(lab, BASE)
    missing = lab.missing([JUDGE])
    other = Artifact(lab.artifact(BASE).folder, "the other process'")
    with other.lock() as held:
        assert held and missing == [BASE]
        assert lab.trainings._train_first_free(missing, "") is None
        assert manifest(lab, BASE) == damaged
        Lab(lab.workdir, lab.dataset, lab.config).trainings.clear(
            BASE
        )  # The other process repairs it.
        Lab(lab.workdir, lab.dataset, lab.config).trainings._train(BASE)
    # We noticed the damage before that, and look again with the lock.
    repaired = manifest(lab, BASE)
    assert lab.trainings._train_first_free(missing, "") is None
    assert manifest(lab, BASE) == repaired


def test_a_damaged_snapshot_is_refused_and_costs_nothing_else(lab):
    gan = lab.artifact(BASE)
    lab.train([Snapshot(BASE, 2)])
    assert lab.artifact(Snapshot(BASE, 2)).weights_sha256() == gan.weights_sha256()
    flip(gan.folder / "snapshots" / "1.keras")
    assert lab.missing([BASE]) == []
    with pytest.raises(InputError, match=r"snapshots/1\.keras .*gan"):
        lab.train([Snapshot(BASE, 1)])
    flip(gan.folder / "model.keras")  # A rebuild does not take the damaged one for granted.
    assert lab.train([BASE]) == [BASE]
    with pytest.raises(InputError, match=r"snapshots/1\.keras is missing"):
        lab.train([Snapshot(BASE, 1)])


def test_a_file_that_may_not_be_read_is_no_damage(lab, monkeypatch):
    path = lab.artifact(BASE).folder / "model.keras"
    path.touch()  # Hashed again.

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(artifact_module, "sha256_file", refuse)
    with pytest.raises(PermissionError):
        lab.train([BASE])
    assert lab.artifact(BASE).is_done()


def dense(name: str | None = None, activation: str = "relu") -> keras.Model:
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2, name=name, activation=activation)(inputs))


def test_the_digest_is_of_weights_and_layers_not_of_the_saving(tmp_path):
    def saved(model: keras.Model, name: str = "model") -> str:
        path = tmp_path / f"{name}.keras"
        model.save(path)
        return weights_sha256(path)

    first, second, linear = dense(), dense(), dense(activation="linear")
    assert first.layers[1].name != second.layers[1].name  # Keras counts them.
    for model in (second, linear):
        model.set_weights(first.get_weights())
    assert saved(first) == saved(second, "second") == saved(first)
    assert saved(linear) != saved(first)
    kernel, bias = first.get_weights()
    second.set_weights([np.nextafter(kernel, np.float32(9)), bias])
    assert saved(second) != saved(first)
