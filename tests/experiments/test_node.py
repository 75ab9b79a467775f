"""The node preset: a training step of each of its kinds, at its real networks, on a few images."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.data import ArrayImages, Dataset
from gan_knowledge_gaps.experiments.catalog import EXPERIMENTS
from gan_knowledge_gaps.lab.config import LabConfig, presets
from gan_knowledge_gaps.lab.planning.costs import Untrained, cost_classes
from gan_knowledge_gaps.lab.specs import GAN, Classifier, DigitClassifier, in_order
from gan_knowledge_gaps.stylegan2.config import TRAININGS, scaled_gamma
from gan_knowledge_gaps.training.compiling import compile_step
from gan_knowledge_gaps.training.distribution import distribute

pytestmark = pytest.mark.usefixtures("eagerly")


def classes(setting: str) -> set:
    """The kinds of trainings of all experiments."""
    experiments = (
        each(each.presets[setting]["node"], setting=setting)
        for each in EXPERIMENTS
        if setting in each.presets
    )
    return cost_classes(in_order(spec for each in experiments for spec in each.specs))


class Workshop(Untrained):
    """A few images, and batches of four."""

    def __init__(self, config: LabConfig):
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (40, *config.families[0].image_shape), dtype=np.uint8)
        some, labels = ArrayImages(images), np.arange(40) % 10
        self.dataset, self.config = Dataset("noise", some, some, labels, labels), config
        self.strategy = tf.distribute.get_strategy()


def small_batches(setting: str) -> LabConfig:
    config = presets(setting)["node"]
    parts = config.parts
    for name in ("training", "gan", "classifier", "digits"):
        if name in parts:
            parts[name] = dataclasses.replace(parts[name], batch_size=4)
    if "network" in parts:  # bfloat16 is emulated on most CPUs, and takes minutes
        parts["network"] = dataclasses.replace(parts["network"], precision="float32")
    return config.with_parts(parts)


def check_step(workshop: Workshop, spec) -> None:
    task, _ = spec.build(workshop)
    before = {name: [np.array(each) for each in state] for name, state in task.state.items()}
    run = compile_step(task, workshop.strategy)
    metrics = run(0, distribute(workshop.strategy, task.batch(0)))
    assert metrics and all(np.isfinite(float(value)) for value in metrics.values())
    fools = isinstance(spec, GAN) and spec.fools
    assert ("fooling_loss" in metrics) == bool(fools)
    for name in before:
        same = [
            np.array_equal(old, np.array(new))
            for old, new in zip(before[name], task.state[name], strict=True)
        ]
        assert name in ("path_length_mean", "early_stopping") or not all(same), name


def test_the_kinds_are_those_of_the_papers_experiments():
    assert {each.cost_name for each in classes("dcgan")} == {
        "dcgan", "classifier cnn", *(f"dcgan that fools {count} cnn" for count in range(1, 5)),
    }  # fmt: skip
    detectors = ("resnet50", "inception_v3", "mobilenet_v2")
    names = {each.cost_name for each in classes("stylegan2")}
    assert {f"classifier {each}" for each in detectors} < names
    assert {f"stylegan2 that fools 1 {each}" for each in detectors} < names


@pytest.mark.long
@pytest.mark.parametrize(
    "spec",
    [
        GAN(0),
        GAN(1, [Classifier(0, [GAN(0)])] * 4, 1.0),
        Classifier(0, [GAN(0), GAN(2)]),
        DigitClassifier(),
    ],
    ids=["gan", "fooling", "classifier", "digits"],
)
def test_a_step_of_the_dcgans_trainings(spec):
    check_step(Workshop(small_batches("dcgan")), spec)


BASE = GAN(0, family="stylegan2")
DETECTORS = [Classifier(0, [BASE], name) for name in ("resnet50", "inception_v3", "mobilenet_v2")]
FOOLING = GAN(1, DETECTORS, 0.001, family="stylegan2")


@pytest.mark.long
@pytest.mark.parametrize(
    "spec", [FOOLING, *DETECTORS], ids=["fooling", "resnet50", "inception_v3", "mobilenet_v2"]
)
def test_a_step_of_stylegan2s_trainings(spec):
    # The first, which has regularization too. Of a GAN that fools nobody it is a part.
    check_step(Workshop(small_batches("stylegan2")), spec)


def test_the_preset_is_what_the_documents_say():
    (family,) = presets("stylegan2")["node"].families
    assert family.image_shape == (64, 64, 3) and family.training.kimg == 5000
    assert (family.network.fmap_base, family.network.precision) == (8192, "bfloat16")
    # 0.0002 pixels / batch; at config-f's 1024x1024 near its 10.
    assert family.training.gamma == pytest.approx(0.0256)
    assert scaled_gamma(1024, 32) == pytest.approx(TRAININGS["config-f"].gamma, rel=0.4)
    assert presets("stylegan2")["node"].classifier.width == 1
    assert presets("dcgan")["node"].families[0].gan.width == 1
    by_name = {each.name: each for each in EXPERIMENTS}
    size = by_name["iterations"].presets["stylegan2"]["node"]
    assert size.iterations == 5 and min(size.gans, size.held_out_gans) >= 4
    assert by_name["generalization"].presets["dcgan"]["node"].largest_pool == 15
    assert all("node" in sizes for each in EXPERIMENTS for sizes in each.presets.values())
