"""Early stopping against a record of the losses, and through the loop, killed and resumed."""

import numpy as np
import pytest

from gan_knowledge_gaps.classifiers import ClassifierConfig, ClassifierTask, predict
from gan_knowledge_gaps.classifiers.early_stopping import DetectorStopping
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.training.digests import state_digest
from gan_knowledge_gaps.training.loop import Loop, LoopConfig
from gan_knowledge_gaps.training.metrics_log import read_metrics

SHAPE = (10, 10, 1)


def noise(seed: int, high: int = 256, count: int = 24) -> ArrayImages:
    random = np.random.default_rng(seed)
    return ArrayImages(random.integers(0, high, (count, *SHAPE), dtype=np.uint8))


def test_the_loss_is_the_mean_cross_entropy_and_the_best_weights_are_kept():
    model = build("cnn", SHAPE, seed=0)
    natural, generated = noise(0, count=7), noise(1, count=5)
    stopping = DetectorStopping(model, natural, generated, every=10, patience=2)
    assert stopping.after_step(5) == {}
    bias, start = model.layers[-1].bias, [weights.copy() for weights in model.get_weights()]
    losses, biases = [], [0.0, 0.1, 5.0, -5.0]
    for step, value in enumerate(biases, start=1):
        bias.assign([value])
        losses.append(stopping.after_step(10 * step)["validation_loss"])
        logits = [predict(model, images)[:, 0].astype(float) for images in (natural, generated)]
        probability = [1 / (1 + np.exp(-each)) for each in logits]
        expected = -(np.log(1 - probability[0]).mean() + np.log(probability[1]).mean()) / 2
        assert losses[-1] == pytest.approx(expected, rel=1e-5)
        assert stopping.has_converged == (step - 1 - int(np.argmin(losses)) >= 2)
    best = int(np.argmin(losses))
    assert best < 2 and stopping.has_converged
    stopping.take_best()
    assert float(bias.value[0]) == pytest.approx(biases[best])
    for a, b in zip(start[:-1], model.get_weights()[:-1], strict=True):
        np.testing.assert_array_equal(a, b)


def task(high: int = 256) -> ClassifierTask:
    # Six steps an epoch: three looks.
    config = ClassifierConfig(epochs=50, batch_size=8, patience=18, learning_rate=3e-3)
    validation = (noise(2, count=40), noise(3, high, count=40))
    return ClassifierTask("cnn", config, noise(0), [noise(1, high)], 0, validation=validation)


def run(folder, *stops: int) -> ClassifierTask:
    for steps in stops:
        trained = task()
        Loop(trained, steps, folder, label="c", config=LoopConfig(log_every=6)).run()
    return trained


def test_a_training_stops_when_it_has_learned_all_there_is(tmp_path):
    """Noise against noise: nothing can be learned, and the validation loss soon rises."""
    trained = run(tmp_path, 300)
    losses = [
        line["validation_loss"]
        for line in read_metrics(tmp_path / "metrics.jsonl")
        if "validation_loss" in line
    ]
    best = int(np.argmin(losses))
    assert len(losses) == best + 4 < 50  # The best, and three that were no better.
    again = task()
    Loop(again, 300, tmp_path, label="c").run()  # It is done: nothing is trained.
    assert state_digest(again.state, 0) == state_digest(trained.state, 0)
    trained.early_stopping.take_best()
    assert trained.early_stopping.after_step(6)["validation_loss"] == pytest.approx(losses[best])


@pytest.mark.parametrize(("patience", "looks"), [(1, 3), (100, 17)])
def test_patience_is_counted_in_steps_of_at_least_three_epochs(patience, looks):
    config = ClassifierConfig(batch_size=8, patience=patience)
    validation = noise(2), noise(3)
    stopping = ClassifierTask(
        "cnn", config, noise(0), [noise(1)], 0, validation=validation
    ).early_stopping
    assert stopping.every == 6 and stopping.patience == looks


def test_resumed_equals_unbroken(tmp_path):
    broken, unbroken = run(tmp_path / "a", 8, 15, 300), run(tmp_path / "b", 300)
    assert state_digest(broken.state, 0) == state_digest(unbroken.state, 0)
