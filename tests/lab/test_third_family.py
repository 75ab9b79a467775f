"""A family of GANs that the lab has never seen goes through all of it."""

import json
import signal
import time
from pathlib import Path

import commands
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from third_family import LinearConfig, LinearFamily

from gan_knowledge_gaps.classifiers import predict
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.experiments.export_images import load_sampler
from gan_knowledge_gaps.lab import families, measure
from gan_knowledge_gaps.lab.config import LabConfig
from gan_knowledge_gaps.lab.lab import Lab
from gan_knowledge_gaps.lab.planning.costs import cost_classes
from gan_knowledge_gaps.lab.planning.costs import measure as measure_costs
from gan_knowledge_gaps.lab.planning.estimate import estimate
from gan_knowledge_gaps.lab.specs import GAN, Classifier, Snapshot, Truncated
from gan_knowledge_gaps.training.loop import LoopConfig

SCRIPT = Path(__file__).with_name("linear_iterations.py")
LINEAR, DCGAN = GAN(0, family="linear", snapshots=2), GAN(0)
MIXED = Classifier(0, [LINEAR, DCGAN])
FOOLING = GAN(9, [MIXED], 50.0, family="linear")


@pytest.fixture(scope="module")
def lab(tmp_path_factory, dataset, config) -> Lab:
    """A lab of two families, in which all of the above is trained."""
    both = LabConfig(
        families=(LinearFamily(gan=LinearConfig()), *config.families), classifier=config.classifier
    )
    loop = LoopConfig(log_every=1, sample_every=0)
    lab = Lab(tmp_path_factory.mktemp("lab"), dataset, both, loop_config=loop)
    lab.train([FOOLING, Snapshot(LINEAR, 1)])
    return lab


@pytest.mark.long
def test_a_pool_mixes_families_and_its_classifier_is_fooled(lab):
    both = [lab.dataset.evaluation, lab.evaluation_images(LINEAR)]
    images = ArrayImages(np.concatenate([each.read(np.arange(80)) for each in both]))
    scores = predict(lab.model(MIXED), images)[:, 0]
    expected = roc_auc_score(np.repeat([0, 1], 80), scores)
    assert measure.detection(lab, MIXED, LINEAR).roc_auc == pytest.approx(expected)
    # The fooling loss alone tells this GAN from the same one without it.
    plain = GAN(9, family="linear")
    lab.train([plain])
    fooled, unfooled = (
        measure.generated_logits(lab, MIXED, each).mean() for each in (FOOLING, plain)
    )
    assert fooled < unfooled


def test_image_i_is_a_function_of_weights_and_i(lab):
    sample = load_sampler(lab.artifact(LINEAR).folder)
    np.testing.assert_array_equal(
        sample(np.arange(32, 112)), lab.evaluation_images(LINEAR).read(np.arange(80))
    )
    early = load_sampler(lab.artifact(Snapshot(LINEAR, 1)).folder)
    assert (early(np.arange(8)) != sample(np.arange(8))).any()


def test_a_plan_counts_its_steps(lab):
    missing = lab.missing([GAN(1, family="linear"), GAN(2, [MIXED], 1.0, family="linear")])
    costs = measure_costs(lab, cost_classes(missing))
    plan = estimate(lab, missing, costs)
    assert plan.seconds == {spec: 6 * costs[spec.cost_class].seconds for spec in missing}
    assert {spec.cost_name for spec in costs} == {"linear", "linear that fools 1 cnn"}
    assert plan.networks == 2 * 4 * (3 * 784 + 784 + 784 + 1)


def test_what_it_cannot_do_is_said(lab):
    with pytest.raises(ValueError, match="linear has no truncation"):
        Truncated(LINEAR, 0.5)
    with pytest.raises(ValueError, match="no family of GANs is called 'lineal'"):
        families.find("lineal")
    with pytest.raises(ValueError, match="trains no stylegan2"):
        lab.key(GAN(0, family="stylegan2"))


def start(workdir: Path, images: Path) -> commands.Process:
    return commands.start(
        SCRIPT, "--setting=linear", "--preset=quick", f"--workdir={workdir}",
        "--dataset=folder", f"--data_dir={images}",
        "--gan_steps=40", "--classifier_epochs=1", "--nonatural_samples",
        "--experiment_iterations=2", "--experiment_gans=1", "--experiment_held_out_gans=1",
        "--experiment_held_out_classifiers=1", "--features=random-vgg16",
    )  # fmt: skip


def states(workdir: Path) -> dict[str, str]:
    manifests = workdir.glob("artifacts/*/DONE.json")
    return {path.parent.name: json.loads(path.read_text())["state_sha256"] for path in manifests}


@pytest.mark.long
def test_killed_and_resumed_its_report_is_the_unbroken_one(images, tmp_path):
    unbroken = start(tmp_path / "unbroken", images)
    killed = start(tmp_path / "killed", images)
    while not list(tmp_path.glob("killed/artifacts/classifier-*/metrics.jsonl")):
        assert killed.poll() is None, killed.said()
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    said = [
        each.communicate(timeout=280)[0] for each in (unbroken, start(tmp_path / "killed", images))
    ]
    assert "trained 8 of 8" in said[0] and "trained 8 of 8" not in said[1], said
    assert len(states(tmp_path / "unbroken")) == 8
    assert states(tmp_path / "killed") == states(tmp_path / "unbroken")
    reports = [
        json.loads(next(tmp_path.glob(f"{name}/results/*/report.json")).read_text())
        for name in ("unbroken", "killed")
    ]
    assert reports[0]["tables"] == reports[1]["tables"]
    assert "one layer" in json.dumps(reports[0])
