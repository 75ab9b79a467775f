"""Plans: schedules against closed forms, seconds against a clock, bytes against a disk."""

from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.lab.planning.costs import (
    Cost,
    combine_costs,
    cost_classes,
    measure,
    scaled,
    seconds_of_step,
)
from gan_knowledge_gaps.lab.planning.estimate import estimate
from gan_knowledge_gaps.lab.planning.schedule import makespan, on_devices
from gan_knowledge_gaps.lab.planning.text import duration, each_alone, whole_plan
from gan_knowledge_gaps.lab.specs import GAN, Classifier, DigitClassifier, Snapshot, Truncated
from gan_knowledge_gaps.training.task import Task

GANS = [GAN(seed) for seed in range(4)]
JUDGES = [Classifier(seed, GANS[:2]) for seed in range(2)]
FOOLING = GAN(10, JUDGES, phi=1.0)
STYLE = GAN(0, family="stylegan2")


def test_one_slot_takes_the_sum_and_many_the_longest_chain():
    seconds = {**{gan: 3.0 + k for k, gan in enumerate(GANS)}, **dict.fromkeys(JUDGES, 2.0)}
    seconds[FOOLING] = 5.0
    assert makespan(seconds, 1) == sum(seconds.values())
    assert makespan(seconds, 100) == 4.0 + 2.0 + 5.0
    # Two slots: GANs 0 and 1 end at 3 and 4; GAN 2 at 8, GAN 3 at 10; the judges at 10 and 12.
    assert makespan({k: v for k, v in seconds.items() if k != FOOLING}, 2) == 12.0


def test_what_is_trained_already_is_not_waited_for():
    assert makespan({FOOLING: 5.0}, 3) == 5.0
    assert makespan({}, 3) == 0.0


def test_derived_values_pass_on_what_they_depend_on():
    truncated = Truncated(STYLE, 0.5)
    classifier = Classifier(0, [truncated])
    assert makespan({STYLE: 3.0, truncated: 0.0, classifier: 2.0}, 9) == 5.0


def test_devices_are_shared_in_the_best_way():
    seconds = dict.fromkeys(GANS, 8.0)
    speedups = {1: 1.0, 4: 3.0}
    assert on_devices(seconds, 1, speedups) == (32.0, 1)
    assert on_devices(seconds, 4, speedups) == (8.0, 1)  # 4 at a time, not one after another.
    time_of_one, each = on_devices({GANS[0]: 8.0}, 4, speedups)
    assert (time_of_one, each) == (pytest.approx(8 / 3), 4)


def gan(*architectures: str) -> GAN:
    return GAN(7, [Classifier(n, GANS[:1], name) for n, name in enumerate(architectures)], 0.5)


def test_cost_classes_tell_what_a_step_costs():
    assert FOOLING.cost_class == gan("cnn", "cnn").cost_class
    assert GANS[0].cost_class == GAN(99).cost_class == PLAIN
    assert GAN(0, family="stylegan2").cost_class != PLAIN
    assert JUDGES[0].cost_class == JUDGE
    assert FOOLING.cost_name == "dcgan that fools 2 cnn"


def test_several_classifiers_add_what_each_adds_alone():
    alone = {names: gan(*names).cost_class for names in ((), ("cnn",), ("resnet50",))}
    several = gan("resnet50", "cnn", "resnet50")
    assert several.cost_parts == tuple(
        alone[names] for names in ((), ("cnn",), ("resnet50",), ("resnet50",))
    )
    times = {alone[()]: 2.0, alone[("cnn",)]: 2.5, alone[("resnet50",)]: 5.0}
    parts = [Cost(times[part], 1, 2, 3) for part in several.cost_parts]
    assert combine_costs(parts) == Cost(2.0 + 0.5 + 3.0 + 3.0, 1, 2, 3)
    assert combine_costs([Cost(2.0, 1, 2, 3), Cost(1.9, 1, 2, 3)]).seconds == 2.0
    for one in (*alone.values(), JUDGE):
        assert one.cost_parts == (one,)


def test_another_device_scales_every_class_by_what_a_gan_takes_there():
    costs = {PLAIN: Cost(4.0, 1, 2, 3), DigitClassifier(): Cost(1.0, 4, 5, 6)}
    there = scaled(costs, PLAIN, 0.4)
    assert there[PLAIN].seconds == pytest.approx(0.4)
    assert there[DigitClassifier()] == Cost(pytest.approx(0.1), 4, 5, 6)


def test_the_classes_behind_derived_values_are_their_gans():
    assert cost_classes([Truncated(STYLE, 0.5)]) == {STYLE.cost_class}
    assert cost_classes([Snapshot(GAN(0, snapshots=2), 1), JUDGES[0]]) == {PLAIN, JUDGE}


PLAIN, JUDGE = GAN(0), Classifier(0, [GAN(0)])
COSTS = {
    PLAIN: Cost(3.0, 100, 250, 800),
    FOOLING.cost_class: Cost(2.0, 100, 250, 800),
    JUDGE: Cost(0.5, 10, 10, 30),
    DigitClassifier(): Cost(0.1, 20, 20, 60),
}


def test_an_estimate_is_steps_times_seconds_and_bytes_of_what_is_missing(lab):
    lab.train([GANS[0]])
    fooling = GAN(10, JUDGES, phi=1.0, snapshots=1)
    derived = Snapshot(fooling, 1)
    snapshots = GAN(9, snapshots=3)
    missing = lab.missing([derived, snapshots, DigitClassifier()])
    found = estimate(lab, missing, COSTS)
    assert GANS[0] not in found.seconds
    assert found.seconds[fooling] == 2.0 * 4  # 32 images, one epoch, batches of 8
    assert found.seconds[JUDGES[0]] == 0.5 * 16  # 32 natural and 32 generated, two GANs
    assert found.seconds[derived] == 0.0
    assert len(found.seconds) == 7 and len(found.trainings) == 6
    assert found.device_seconds == 3.0 * 4 * 2 + 8.0 + 2 * 8.0 + 0.1 * 4
    # GANs 1, 9 and the fooling one, 3 + 1 snapshots and a copy; 2 classifiers; digits.
    assert found.networks == 3 * 250 + 5 * 100 + 2 * 10 + 20
    assert found.checkpoints == 2 * (3 * 800 + 2 * 30 + 60)


def test_the_text_tells_time_and_disk(lab):
    missing = lab.missing([FOOLING])
    text = whole_plan(estimate(lab, missing, COSTS), COSTS, 4, 20 * 10**9)
    assert "5 to train, 0 to derive from them, 4 done" in text
    assert "on 64 devices, 1 to a training: 28 seconds" in text  # a GAN, a classifier, the other
    assert "disk: 770 B of networks, 4.9 kB of checkpoints, at most 20.0 GB of caches" in text
    alone = each_alone({"iterations": estimate(lab, missing, COSTS)}).splitlines()
    assert alone[1].split()[:4] == ["iterations", "5", "0.0", "48"]
    nothing = whole_plan(estimate(lab, [], COSTS), {}, 4, 0)
    assert nothing.endswith("0 to train, 0 to derive from them, 4 done")


@pytest.mark.long
@pytest.mark.parametrize("value", [GANS[0], JUDGES[0]])
def test_the_bytes_are_those_that_a_training_leaves(lab, value):
    lab.train([value])
    cost = measure(lab, {value.cost_class})[value.cost_class]
    folder = lab.artifact(value).folder
    assert sum(map(_weights, folder.glob("*.keras"))) == cost.networks
    assert _weights(folder / "model.keras") == cost.model
    checkpoints = [*folder.glob("checkpoints/step-*/*.data-*")]
    for checkpoint in checkpoints:
        # The file also describes its variables.
        assert 0 < checkpoint.stat().st_size - cost.checkpoint < 10_000
    assert checkpoints and cost.seconds > 0


def _weights(file: Path) -> int:
    """Bytes of the weights in a model's file."""
    return sum(each.nbytes for each in keras.models.load_model(file, compile=False).get_weights())


class Ticking(Task):
    """Steps of one part or two, of a known length by a clock of its own."""

    batch_size, state = 4, {}

    def __init__(self):
        self.now = 0.0

    def batch(self, step):
        return (np.zeros((4, 1), np.float32),)

    def parts(self, step):
        return ["long", "short"] if step % 4 == 0 else ["short"]

    def train_step(self, step, batch, part):
        def tick():
            self.now += 0.3 if part == "long" else 0.1
            return np.float32(0)

        return {"loss": tf.numpy_function(tick, [], tf.float32)}


def test_seconds_of_a_step_weigh_its_parts(monkeypatch):
    task = Ticking()
    clock = SimpleNamespace(monotonic=lambda: task.now)
    monkeypatch.setattr("gan_knowledge_gaps.lab.planning.costs.time", clock)
    found = seconds_of_step(task, tf.distribute.get_strategy())
    assert found == pytest.approx((4 * 0.1 + 0.3) / 4)


def test_a_classifier_also_makes_the_images_that_are_not_kept(lab, monkeypatch):
    monkeypatch.setattr("gan_knowledge_gaps.lab.planning.costs._median", lambda work: 1.0)
    block = lab.config.families[0].block
    assert measure(lab, {JUDGE})[JUDGE].seconds == 1.0
    monkeypatch.setattr("gan_knowledge_gaps.lab.streaming.KEPT_BYTES", 32 * 28 * 28 - 1)
    assert measure(lab, {JUDGE})[JUDGE].seconds == 1.0 + 4 / block  # half of the batch of 8
    assert measure(lab, {PLAIN})[PLAIN].seconds == 1.0


def test_times_are_told_in_their_unit():
    assert [duration(x) for x in (30, 600, 86400, 864000, 365 * 864000)] == [
        "30 seconds", "10.0 minutes", "24.0 hours", "10.0 days", "10.0 years",
    ]  # fmt: skip
