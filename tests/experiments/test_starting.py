"""GANs that begin with others' networks: who begins with whom, what is said, stops."""

import json
import signal
from pathlib import Path
from types import SimpleNamespace

import commands
import numpy as np
import pytest
from test_all_killed import wait_for

from gan_knowledge_gaps.data import ArrayImages, InputError
from gan_knowledge_gaps.dcgan.config import DCGANConfig
from gan_knowledge_gaps.dcgan.family import DCGANFamily
from gan_knowledge_gaps.dcgan.training import DCGANTask
from gan_knowledge_gaps.experiments.catalog import EXPERIMENTS
from gan_knowledge_gaps.experiments.experiment import Result, Start
from gan_knowledge_gaps.experiments.fooling import Fooling
from gan_knowledge_gaps.experiments.iterations import Iterations
from gan_knowledge_gaps.experiments.sequence import SequenceConfig
from gan_knowledge_gaps.lab.specs import GAN, StartingPoint, in_order
from gan_knowledge_gaps.report import Measurement, Table
from gan_knowledge_gaps.stylegan2.family import NAMES, StyleGAN2Family
from gan_knowledge_gaps.stylegan2.networks import build_networks
from gan_knowledge_gaps.training.task import flat_variables

SIZE = SequenceConfig(
    iterations=3, gans=2, held_out_gans=3, held_out_classifiers=2, start="finetune",
    start_share=0.2,
)  # fmt: skip


def gans_of(experiment) -> list[GAN]:
    return [spec for spec in in_order(experiment.specs) if isinstance(spec, GAN)]


def test_each_gan_begins_with_its_own_of_the_iteration_before():
    first, *later = Iterations(SIZE).iterations
    assert all((gan.start, gan.share) == (None, 1.0) for gan in first.all_gans)
    before = first
    for each in later:
        assert [gan.start for gan in each.gans] == list(before.gans)
        assert [gan.start for gan in each.held_out_gans] == list(before.held_out_gans)
        assert {gan.share for gan in each.all_gans} == {0.2}
        before = each
    assert later[1].gans[1].name == "seed 2001, finetuned from seed 1001"


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_of_gans_that_fool_can_finetune_them(experiment):
    setting = next(iter(experiment.presets))
    size = experiment.presets[setting]["reduced"]
    fooling = [gan for gan in gans_of(experiment(size, setting=setting)) if gan.fools]
    if not fooling or experiment.name == "finetuning":  # which compares it with scratch
        assert not hasattr(size, "start")
        return
    assert all(gan.start is None for gan in fooling)
    finetuned = experiment(type(size)(**{**vars(size), "start": "finetune"}), setting=setting)
    for gan in gans_of(finetuned):
        assert (gan.start is not None) == bool(gan.fools)
    if isinstance(finetuned, Fooling):  # nobody is measured on a GAN that it was trained on
        known = {gan for c in finetuned.held_out_classifiers for gan in c.pool}
        assert not {gan.start for gans in finetuned.fooling.values() for gan in gans} & known


def networks(seed: int = 7):
    images = ArrayImages(np.zeros((8, 28, 28, 1), np.uint8))
    task = DCGANTask(DCGANConfig(width=1 / 16, epochs=1, batch_size=8), images, seed)
    return {"generator": task.generator, "discriminator": task.discriminator}


@pytest.mark.long
def test_iteration_0_begins_with_networks_from_outside(lab):
    theirs = networks()
    point = StartingPoint("theirs.pkl", "dcgan", theirs)
    start = Start(point, 0.5)
    size = SequenceConfig(iterations=1, gans=2, held_out_gans=1)
    gans = gans_of(Iterations(size, start=start))
    assert {gan.start for gan in gans} == {point} and {gan.share for gan in gans} == {0.5}
    assert gans[0].name == "seed 0, finetuned from theirs.pkl"
    lab.train([point])
    assert lab.missing([point]) == []
    _, ours = gans[0].build(lab)
    for name, network in theirs.items():
        for mine, variable in zip(flat_variables(ours[name]), flat_variables(network), strict=True):
            np.testing.assert_array_equal(mine.numpy(), variable.numpy())
    lab.train(gans[:2])
    assert lab.artifact(gans[0]).manifest()["steps"] == 2  # half of four
    assert lab.sha256(gans[0]) != lab.sha256(gans[1])
    other = StartingPoint("theirs.pkl", "dcgan", networks(8))
    assert lab.key(GAN(0, start=other)) != lab.key(GAN(0, start=point))


def test_every_measured_table_says_what_is_not_from_scratch(monkeypatch):
    def shape(*tables: Table) -> SimpleNamespace:
        found = Result(summary="", instances={}, tables=tables)
        return SimpleNamespace(result=lambda lab, facts: found)

    cells = ((Measurement((1.0,)),),)
    text = {"title": "t", "caption": "c.", "row_label": "r", "column_label": "c"}
    ours = Table(name="a", rows=("r",), columns=("c",), cells=cells, **text)
    papers = Table(name="b", rows=("r",), columns=("c",), cells=((0.5,),), **text)
    monkeypatch.setattr(Iterations, "shape", lambda self: shape(ours, papers))
    start = Start(StartingPoint("ffhq.pkl", "dcgan", networks()), 0.125)
    result = Iterations(SIZE, start=start).result(None)
    measured, printed = result.tables
    for part in ("ffhq.pkl", "0.125", "seeds differ", "later iterations", "0.2", "from scratch"):
        assert part in measured.caption
    assert printed.caption == "c."
    assert len(result.notes) == 2
    plain = Iterations(SequenceConfig()).result(None)
    assert [each.caption for each in plain.tables] == ["c.", "c."] and plain.notes == ()
    assert "GANs after iteration 0" not in SequenceConfig().facts()
    assert SIZE.facts()["GANs after iteration 0"] == "finetune"


def test_networks_of_another_size_are_refused(tmp_path):
    family = StyleGAN2Family.presets()["quick"]
    save(tmp_path, resolution=16)
    with pytest.raises(InputError, match="resolution 16 there, 8 here"):
        family.open_networks(str(tmp_path))
    with pytest.raises(InputError, match="cannot begin with networks from outside"):
        DCGANFamily.presets()["quick"].open_networks(str(tmp_path))


def save(folder: Path, **changes) -> None:
    """A run's three networks, of the lab's quick preset."""
    config = StyleGAN2Family.presets()["quick"].network
    generator, discriminator = build_networks(config, seed=5, **changes)
    for name, network in zip(NAMES, (generator, generator, discriminator), strict=True):
        network.save(folder / f"{name}.keras")


def digests(workdir: Path) -> dict[str, str]:
    manifests = (json.loads(path.read_text()) for path in workdir.glob("artifacts/*/DONE.json"))
    return {each["label"]: each["weights_sha256"] for each in manifests}


def stopped_and_resumed(workdir: Path, *arguments: str) -> dict[str, str]:
    """The weights of a run that is stopped in a GAN that begins with networks."""

    def begun() -> list[Path]:
        """The folders of such trainings whose loop began."""
        started = workdir.glob("artifacts/gan-*/STARTED.json")
        folders = [path.parent for path in started if "finetuned from" in path.read_text()]
        return [each for each in folders if (each / "metrics.jsonl").exists()]

    run = start(workdir, *arguments)
    wait_for(lambda: begun() or run.poll() is not None)
    assert run.poll() is None, run.communicate()
    run.send_signal(signal.SIGTERM)
    run.communicate()
    assert any(list(folder.glob("checkpoints/step-*")) for folder in begun())
    assert not all((folder / "DONE.json").exists() for folder in begun())
    finish(start(workdir, *arguments))
    return digests(workdir)


def start(workdir: Path, *arguments: str) -> commands.Process:
    return commands.start("-m", *arguments, f"--workdir={workdir}", "--preset=quick")


def finish(process: commands.Process) -> None:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "seed" in out


@pytest.mark.long
def test_a_start_with_a_run_is_stopped_and_goes_on(tmp_path):
    (tmp_path / "run").mkdir()
    save(tmp_path / "run")
    arguments = (
        "experiments.generalization", "--setting=stylegan2", f"--start={tmp_path / 'run'}",
        "--start_share=0.5", "--training_kimg=4", "--classifier_epochs=1",
        "--experiment_largest_pool=1", "--experiment_held_out_gans=1",
        "--experiment_classifiers=1", "--experiment_architectures=cnn",
    )  # fmt: skip
    trained = stopped_and_resumed(tmp_path / "stopped", *arguments)
    assert sum("finetuned from run" in label for label in trained) == 2
    (page,) = (tmp_path / "stopped").glob("results/*/index.html")
    assert "seeds differ only in what comes after" in page.read_text()
