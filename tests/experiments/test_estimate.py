"""The estimate: schedules against closed forms, seconds of a step against a clock."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from experiments.estimate import Kind, cost, hours, kind_of, makespan, on_devices, seconds_of_step
from experiments.specs import GAN, Classifier, DigitClassifier, Truncated
from training.task import Task

GANS = [GAN(seed) for seed in range(4)]
JUDGES = [Classifier(seed, GANS[:2]) for seed in range(2)]
FOOLING = GAN(10, JUDGES, phi=1.0)


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
    truncated = Truncated(GANS[0], 0.5)
    classifier = Classifier(0, [truncated])
    assert makespan({GANS[0]: 3.0, truncated: 0.0, classifier: 2.0}, 9) == 5.0


def test_devices_are_shared_in_the_best_way():
    seconds = dict.fromkeys(GANS, 8.0)
    speedups = {1: 1.0, 4: 3.0}
    assert on_devices(seconds, 1, speedups) == (32.0, 1)
    assert on_devices(seconds, 4, speedups) == (8.0, 1)  # 4 at a time, not one after another.
    time_of_one, each = on_devices({GANS[0]: 8.0}, 4, speedups)
    assert (time_of_one, each) == (pytest.approx(8 / 3), 4)


def test_kinds_tell_what_a_step_costs():
    assert kind_of(FOOLING) == Kind("gan", ("cnn", "cnn"))
    assert kind_of(GANS[0]) == kind_of(GAN(99)) == Kind("gan")
    assert kind_of(JUDGES[0]) == Kind("classifier", ("cnn",))
    assert kind_of(Truncated(GANS[0], 0.5)) is None
    assert str(kind_of(FOOLING)) == "gan that fools 2 cnn"


def test_cost_is_steps_times_seconds_of_what_is_missing(lab):
    lab.train([GANS[0]])
    found = cost(
        lab, [FOOLING, DigitClassifier()], {kind_of(FOOLING): 2.0, kind_of(JUDGES[0]): 0.5}
    )
    assert GANS[0] not in found
    assert found[FOOLING] == 2.0 * 4  # 32 images, one epoch, batches of 8
    assert found[JUDGES[0]] == 0.5 * 16  # 32 natural and 32 generated, two GANs
    assert found[GANS[1]] == 0.0  # nothing is known of its kind


class Ticking(Task):
    """Steps of two kinds, of a known length by a clock of its own."""

    batch_size, state = 4, {}

    def __init__(self):
        self.now = 0.0

    def batch(self, step):
        return (np.zeros((4, 1), np.float32),)

    def phase(self, step):
        return step % 4 == 0

    def train_step(self, step, batch, phase=False):
        def tick():
            self.now += 0.3 if phase else 0.1
            return np.float32(0)

        return {"loss": tf.numpy_function(tick, [], tf.float32)}


def test_seconds_of_a_step_weigh_its_kinds(monkeypatch):
    task = Ticking()
    monkeypatch.setattr("experiments.estimate.time", SimpleNamespace(monotonic=lambda: task.now))
    found = seconds_of_step(task, tf.distribute.get_strategy())
    assert found == pytest.approx((3 * 0.1 + 0.3) / 4)


def test_times_are_told_in_their_unit():
    assert [hours(x) for x in (30, 600, 86400, 864000, 365 * 864000)] == [
        "30 seconds", "10.0 minutes", "24.0 hours", "10.0 days", "10.0 years",
    ]  # fmt: skip
