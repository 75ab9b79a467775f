"""A minibatch: which updates it makes, in which order, and by how much.

What other ports of StyleGAN2 get wrong has a test here each: the generator regularized every 8
minibatches; the regularizer merged into the main update; a fixed decay of the averaged weights; the
discriminator updated before the generator; half the path length weight; the mean of path lengths
lost on resuming (it is part of the state; `tests/conformance` kills and resumes).
"""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.data import ArrayImages, InputError
from gan_knowledge_gaps.stylegan2 import NetworkConfig, StyleGAN2Task, TrainingConfig
from gan_knowledge_gaps.stylegan2.adam import Adam
from gan_knowledge_gaps.stylegan2.randomness import Draws
from gan_knowledge_gaps.training.compiling import compile_step
from gan_knowledge_gaps.training.fooling import FoolingLoss

pytestmark = pytest.mark.usefixtures("eagerly")

NETWORK = NetworkConfig(
    resolution=8, channels=1, fmap_base=16, fmap_max=4, latent_dim=3, w_dim=3, mapping_layers=2
)
TRAINING = TrainingConfig(kimg=1, batch_size=8, micro_batch=4)


def images(count: int = 24) -> ArrayImages:
    random = np.random.default_rng(0)
    return ArrayImages(random.integers(0, 256, (count, 8, 8, 1), dtype=np.uint8))


def make_task(network=NETWORK, fooling=None, labels=None, **changes) -> StyleGAN2Task:
    config = dataclasses.replace(TRAINING, **changes)
    return StyleGAN2Task(network, config, images(), seed=5, fooling=fooling, labels=labels)


def make_draws(seed: int, purpose: str, step: int) -> Draws:
    seed, step, chunk = (tf.constant(each, tf.int64) for each in (seed, step, 0))
    return Draws(seed, purpose, step, chunk)


def run(task: StyleGAN2Task, *steps: int) -> dict[str, float]:
    run_step = compile_step(task, tf.distribute.get_strategy())
    for step in steps:
        metrics = run_step(step, tuple(map(tf.constant, task.batch(step))))
    return {name: float(value) for name, value in metrics.items()}


def test_the_numbers_of_config_f():
    config = TrainingConfig()
    assert config.adam(config.generator_interval) == pytest.approx(
        {"learning_rate": 0.0016, "beta_1": 0.0, "beta_2": 0.991992, "epsilon": 1e-8}, rel=1e-6
    )
    assert config.adam(config.discriminator_interval) == pytest.approx(
        {"learning_rate": 0.00188235, "beta_1": 0.0, "beta_2": 0.990585, "epsilon": 1e-8}, rel=2e-6
    )
    assert config.ema_beta == pytest.approx(0.5 ** (32 / 10_000))
    assert config.steps == 781_250
    assert (config.gamma, config.path_length_weight, config.path_length_decay) == (10, 2, 0.01)


def test_regularization_is_due_every_4_and_every_16_minibatches_from_the_first_on():
    task = make_task()
    due = [step for step in range(33) if "G_reg" in task.parts(step)]
    assert due == list(range(0, 33, 4))
    assert [step for step in range(33) if "D_reg" in task.parts(step)] == [0, 16, 32]


def test_the_updates_come_in_the_published_order(monkeypatch):
    task, order = make_task(), []
    for name, update in task._updates.items():
        monkeypatch.setitem(
            task._updates, name,
            lambda *args, update=update: (order.append(update.name), update(*args))[1],
        )  # fmt: skip
    average = task._move_average
    monkeypatch.setattr(task, "_move_average", lambda: (order.append("EMA"), average())[1])
    run(task, 0)
    assert order == ["G", "G_reg", "D", "EMA", "D_reg"]


@pytest.mark.long
def test_regularization_is_an_update_of_its_own_on_the_same_adam_state():
    task = make_task()
    run(task, 0)
    assert (task._generator_adam.state[-1], task._discriminator_adam.state[-1]) == (2, 2)
    run(task, 1, 2, 3)
    assert (task._generator_adam.state[-1], task._discriminator_adam.state[-1]) == (5, 5)
    run(task, 4)
    assert (task._generator_adam.state[-1], task._discriminator_adam.state[-1]) == (7, 6)


def recorded_gradients(task: StyleGAN2Task, adam: str, steps=(0,)) -> list[list[np.ndarray]]:
    """The gradients that an optimizer is given, update by update, with nothing updated."""
    given = []

    def record(gradients):
        given.append([each.numpy() for each in gradients])
        return tf.constant(True)

    getattr(task, adam).apply = record
    run(task, *steps)
    return given


@pytest.mark.long
@pytest.mark.parametrize(
    ("adam", "interval", "weight"),
    [
        ("_generator_adam", "generator_interval", "path_length_weight"),
        ("_discriminator_adam", "discriminator_interval", "gamma"),
    ],
)
def test_a_regularizers_gradient_is_times_its_weight_and_its_interval(adam, interval, weight):
    usual = TRAINING
    _, first = recorded_gradients(make_task(), adam)
    changed = {interval: 3 * getattr(usual, interval), weight: 5 * getattr(usual, weight)}
    _, second = recorded_gradients(make_task(**changed), adam)
    norms = [
        np.sqrt(sum((g.astype(np.float64) ** 2).sum() for g in each)) for each in (first, second)
    ]
    assert norms[1] / norms[0] == pytest.approx(15, rel=1e-3)


def test_the_path_length_gradient_is_that_of_weight_2_times_interval_4():
    from gan_knowledge_gaps.stylegan2 import losses

    config = {"batch_size": 4, "micro_batch": 4, "style_mixing": 0.0, "path_length_shrink": 2}
    task = make_task(**config)
    _, given = recorded_gradients(task, "_generator_adam")
    draws = make_draws(5, "G_reg", 0)
    with tf.GradientTape() as tape:
        w = task.generator.mapping(draws.normal("z", [2, 3]))
        lengths = losses.path_lengths(
            lambda values: task.generator.synthesis(values, noise=draws.noise), w,
            draws.normal("image", [2, 8, 8, 1]),
        )  # fmt: skip
        # The mean is 0 before these lengths, and is moved by a hundredth of theirs.
        loss = tf.reduce_mean(2.0 * 4 * (lengths - 0.01 * tf.reduce_mean(lengths)) ** 2)
    variables = [each.value for each in task.generator.trainable_variables]
    expected = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    for a, b in zip(given, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("batch", "most", "group", "replicas", "chunk"),
    [
        (32, 32, 4, 1, 32), (32, 32, 4, 2, 16), (32, 32, 4, 8, 4), (32, 4, 4, 8, 4),
        (32, 4, 4, 16, 2), (32, 4, 4, 32, 1), (12, 6, 4, 1, 4), (6, 6, 4, 1, 3), (10, 5, 4, 1, 2),
        (8, 3, 4, 1, 2), (7, 7, 1, 1, 7), (8, 1, 4, 1, 1), (24, 32, 8, 2, 6),
    ],
)  # fmt: skip
def test_a_chunk_divides_what_a_device_has_into_whole_groups(batch, most, group, replicas, chunk):
    network = dataclasses.replace(NETWORK, mbstd_group=group)
    config = TrainingConfig(batch_size=batch, micro_batch=most)
    assert config.chunk_size(network, replicas) == chunk


@pytest.mark.parametrize("batch", [6, 10, 12])
def test_minibatches_of_any_number_of_groups_train(batch):
    assert np.isfinite(list(run(make_task(batch_size=batch, micro_batch=batch), 1).values())).all()


@pytest.mark.parametrize(
    ("batch", "replicas", "message"),
    [(5, 1, "multiple of 4"), (7, 1, "multiple of 4"), (32, 3, "of the 3 devices")],
)
def test_minibatches_that_cannot_be_split_are_one_clear_line(batch, replicas, message):
    with pytest.raises(InputError, match=message):
        TrainingConfig(batch_size=batch, micro_batch=batch).chunk_size(NETWORK, replicas)


def test_gradients_summed_over_chunks_are_those_of_the_mean():
    # R1 depends on nothing but the natural images, where no standard deviation joins them.
    network = dataclasses.replace(NETWORK, mbstd_features=0)
    whole, halves = (
        recorded_gradients(make_task(network, micro_batch=size), "_discriminator_adam")[1]
        for size in (8, 4)
    )
    for a, b in zip(whole, halves, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_the_average_has_the_half_life_asked_for():
    task = make_task(ema_kimg=0.008)  # One minibatch of 8.
    before = [v.numpy() for v in task.generator_ema.trainable_variables]
    run(task, 0)
    after = [v.numpy() for v in task.generator_ema.trainable_variables]
    now = [v.numpy() for v in task.generator.trainable_variables]
    for old, average, new in zip(before, after, now, strict=True):
        np.testing.assert_allclose(average, (old + new) / 2, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(task.generator_ema.w_avg.numpy(), task.generator.w_avg.numpy())


def test_running_means_move_by_their_decays(monkeypatch):
    task, seen = make_task(w_avg_beta=0.75, style_mixing=0.0), []
    mapping = task.generator.mapping
    monkeypatch.setattr(
        task.generator, "mapping", lambda *a, **k: (seen.append(mapping(*a, **k)), seen[-1])[1]
    )
    metrics = run(task, 0)
    assert [len(w) for w in seen] == [4, 4, 2, 2, 4, 4]  # Two chunks each of G, G_reg and D.
    w_avg = np.zeros(3)
    for first in (0, 2, 4):
        mean = np.concatenate([w.numpy()[:, 0] for w in seen[first : first + 2]]).mean(axis=0)
        w_avg = mean + (w_avg - mean) * 0.75
    np.testing.assert_allclose(task.generator.w_avg.numpy(), w_avg, rtol=1e-5)
    np.testing.assert_array_equal(task.generator_ema.w_avg.numpy(), task.generator.w_avg.numpy())
    assert task._path_length_mean.numpy() == pytest.approx(0.01 * metrics["path_length"], rel=1e-5)
    assert metrics["path_length"] > 0


@pytest.mark.long
def test_w_avg_moves_nine_times_in_four_minibatches(monkeypatch):
    task, moves = make_task(), []
    move = task._move_w_avg
    monkeypatch.setattr(task, "_move_w_avg", lambda w: (moves.append(w.shape), move(w))[1])
    run(task, 4, 5, 6, 7)
    assert moves == [(3,)] * 9  # 2.25 of each minibatch.


def test_an_update_that_is_not_finite_is_left_out_whole():
    variable = tf.Variable([1.0, 2.0])
    adam = Adam([variable], learning_rate=0.1, beta_1=0.5, beta_2=0.9, epsilon=1e-8)
    assert adam.apply([tf.constant([0.5, -0.5])])
    before = [each.numpy() for each in (variable, *adam.state)]
    for bad in (np.nan, np.inf):
        assert not adam.apply([tf.constant([0.5, bad], tf.float32)])
    for a, b in zip(before, (variable, *adam.state), strict=True):
        np.testing.assert_array_equal(a, b.numpy())


def test_adam_is_adam():
    random = np.random.default_rng(0)
    variable = tf.Variable(np.float32([1.0, -2.0, 3.0]))
    adam = Adam([variable], learning_rate=0.1, beta_1=0.3, beta_2=0.9, epsilon=1e-8)
    x, m, v = variable.numpy().astype(np.float64), 0.0, 0.0
    for step in range(1, 6):
        g = random.normal(size=3)
        adam.apply([tf.constant(g, tf.float32)])
        m, v = 0.3 * m + 0.7 * g, 0.9 * v + 0.1 * g**2
        x = x - 0.1 * np.sqrt(1 - 0.9**step) / (1 - 0.3**step) * m / (np.sqrt(v) + 1e-8)
    np.testing.assert_allclose(variable.numpy(), x, rtol=1e-5)


def test_draws_are_philox_of_tensorflows_public_functions():
    draws = make_draws(5, "G", 7)
    seed = draws._key("z")
    np.testing.assert_array_equal(
        draws.normal("z", [3, 5]), tf.random.stateless_normal([3, 5], seed, alg="philox")
    )
    np.testing.assert_array_equal(
        draws.uniform("z", [3, 5], 2.5),
        tf.random.stateless_uniform([3, 5], seed, maxval=2.5, alg="philox"),
    )


@pytest.mark.long
def test_style_mixing_swaps_all_layers_from_one_on_and_as_often_as_asked():
    task, cuts = make_task(style_mixing=0.5), []
    for step in range(100):
        draws = make_draws(1, "a", step)
        cuts.append(cut_off(task._styles(draws, 3, None).numpy()))
    assert set(cuts) == {None, 1, 2, 3}
    assert 30 <= sum(cut is None for cut in cuts) <= 70  # Binomial: 50 +- 4 standard deviations


def cut_off(w: np.ndarray) -> int | None:
    """The first layer of w [N, 4, 3] with another latent's styles, which all later ones share."""
    changed = [bool((w[:, layer] != w[:, 0]).any()) for layer in range(4)]
    if not any(changed):
        return None
    first = changed.index(True)
    assert changed == [False] * first + [True] * (4 - first)
    np.testing.assert_array_equal(w[:, first], w[:, -1])
    return first


@pytest.mark.long
def test_each_chunk_has_a_cut_off_of_its_own(monkeypatch):
    task, seen = make_task(style_mixing=1.0), []
    styles = task._styles
    monkeypatch.setattr(task, "_styles", lambda *args: (seen.append(styles(*args)), seen[-1])[1])
    for step in range(40):
        batch = [tf.constant(each) for each in task.batch(step)]
        step = tf.constant(step, tf.int64)
        task._updates["G"](step, tf.constant(5, tf.int64), [tf.cast(batch[0], tf.float32)])
    cuts = np.array([cut_off(w.numpy()) for w in seen]).reshape(40, 2)
    assert 3 <= (cuts[:, 0] == cuts[:, 1]).sum() <= 24  # Binomial: 13.3 +- 3.5 standard deviations


def test_mirroring_turns_about_half_of_the_images_left_to_right():
    task = make_task(mirror=True)
    shown = tf.random.stateless_normal((200, 8, 8, 1), seed=(1, 2))
    draws = make_draws(1, "a", 0)
    result = task._mirrored(draws, shown).numpy()
    turned = (result == shown.numpy()[:, :, ::-1]).all(axis=(1, 2, 3))
    same = (result == shown.numpy()).all(axis=(1, 2, 3))
    assert (turned ^ same).all() and 72 <= turned.sum() <= 128


class Brightness:
    """A classifier whose logit is the mean pixel, as "generated"."""

    def __call__(self, x, training=False):
        return tf.reduce_mean(x, axis=[1, 2, 3])[:, None] / 10


def test_the_fooling_loss_darkens_what_a_classifier_calls_generated_by_its_brightness():
    fooling = FoolingLoss([Brightness()], phi=100.0, image_shape=(8, 8, 1))
    options = {"learning_rate": 0.01, "ema_kimg": 0.0, "micro_batch": 8}
    with_fooling, without = (make_task(fooling=each, **options) for each in (fooling, None))
    assert "fooling_loss" not in run(without, *range(1, 7))
    first = run(with_fooling, 1)["fooling_loss"]
    assert run(with_fooling, *range(2, 7))["fooling_loss"] < 0.9 * first
    dark, bright = (each.samples().mean() for each in (with_fooling, without))
    assert dark < bright - 5


def test_labels_reach_all_networks_and_batches_hold_them():
    network = dataclasses.replace(NETWORK, label_dim=3)
    labels = np.arange(24) % 3
    task = make_task(network, labels=labels)
    natural, own, others = task.batch(0)
    assert own.shape == others.shape == (8, 3) and (own.sum(axis=1) == 1).all()
    positions = [
        int(np.flatnonzero((images().read(np.arange(24)) == n).all(axis=(1, 2, 3)))[0])
        for n in natural
    ]
    np.testing.assert_array_equal(own.argmax(axis=1), labels[positions])
    assert (own != others).any()
    before = task.generator.mapping.label_weight.numpy()
    assert np.isfinite(list(run(task, 0).values())).all()
    assert (task.generator.mapping.label_weight.numpy() != before).any()
    assert task.samples().shape == (64, 8, 8, 1)


def test_the_discriminator_tells_images_of_the_same_labels_apart(monkeypatch):
    task = make_task(dataclasses.replace(NETWORK, label_dim=3), labels=np.arange(24) % 3)
    seen = []
    for owner, name in ((task.generator, "mapping"), (task, "discriminator")):
        monkeypatch.setattr(owner, name, record_labels(getattr(owner, name), name, seen))
    _, own, others = task.batch(1)
    run(task, 1)  # G and D: no regularization.
    chunks = {"own": (own[:4], own[4:]), "others": (others[:4], others[4:])}
    expected = [
        (network, chunks[labels][chunk])
        for updated, labels in (("G", "others"), ("D", "own"))
        for chunk in (0, 1)
        for network in ["mapping"] * 2 + ["discriminator"] * (1 if updated == "G" else 2)
    ]
    assert [name for name, _ in seen] == [name for name, _ in expected]
    for (_, labels), (_, wanted) in zip(seen, expected, strict=True):
        np.testing.assert_array_equal(labels, wanted)


def record_labels(call, name: str, seen: list):
    """The call, which notes (name, labels) in `seen`."""

    def recorded(inputs, labels=None):
        seen.append((name, labels.numpy()))
        return call(inputs, labels=labels)

    return recorded


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 5, "micro_batch": 5}, "is 5, .* choose a multiple of 4"),
        ({"beta_2": 1.5}, "beta_2 is 1.5; it must be at most 1"),
        ({"gamma": float("nan")}, "gamma is nan"),
    ],
)
def test_impossible_trainings_are_one_clear_line(changes, message):
    with pytest.raises(InputError, match=message):
        make_task(**changes)
