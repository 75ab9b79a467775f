"""Detection on the way: the rates, in which lines they stand, and that they change nothing."""

import os
import signal

import keras
import numpy as np
import pytest
from tiny_training import TinyTask, digest, logged

from gan_knowledge_gaps.training.loop import Loop, LoopConfig
from gan_knowledge_gaps.training.signals import Interrupted
from gan_knowledge_gaps.training.watching import DetectionWatch, logits_of

IMAGES = np.arange(8, dtype=np.uint8).reshape(8, 1, 1, 1)


def above(bound: float):
    return lambda images: images.reshape(-1).astype(float) - bound


def test_rates_are_shares_of_positive_logits():
    watch = DetectionWatch(lambda: IMAGES, [above(5.5), above(-1)], lambda: above(3.5))
    assert watch() == {
        "detection_in_loss": (2 / 8 + 1) / 2, "detection_highest": 1.0, "detection_held_out": 0.5,
    }  # fmt: skip
    assert DetectionWatch(lambda: IMAGES, [above(5.5)], lambda: None)() == {
        "detection_in_loss": 0.25
    }


def test_logits_are_the_models_in_inference_mode():
    inputs = keras.Input((1, 1, 1))
    noisy = keras.layers.Dropout(0.5)(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(noisy))
    model.set_weights([np.array([[2.0]]), np.array([-7.0])])
    many = np.resize(IMAGES, (75, 1, 1, 1))
    np.testing.assert_array_equal(logits_of(model)(many), 2.0 * many.reshape(-1) - 7.0)


def run(folder, task: TinyTask, measure=None, **options) -> TinyTask:
    config = LoopConfig(log_every=3, sample_every=6, checkpoint_seconds=0)
    after = {8: lambda: None}
    Loop(task, 14, folder, label="t", config=config, after=after, measure=measure, **options).run()
    return task


def interrupt():
    os.kill(os.getpid(), signal.SIGTERM)


def measures():
    counts = iter(range(1, 100))
    return lambda: {"detection_in_loss": 1 / next(counts)}


def test_lines_of_snapshots_have_them_and_training_is_as_without(tmp_path):
    plain = run(tmp_path / "plain", TinyTask())
    watched = run(tmp_path / "watched", TinyTask(), measures())
    assert digest(watched, 14) == digest(plain, 14)
    found = {line["step"]: line.get("detection_in_loss") for line in logged(tmp_path / "watched")}
    # At 6 and 12 with a grid; at 8, whose line comes at 9.
    assert found == {3: None, 6: 1.0, 9: 1 / 2, 12: 1 / 3, 14: None}


def test_the_progress_keeps_them_and_a_resumed_training_too(tmp_path, monkeypatch):
    notes = []
    monkeypatch.setattr(
        "gan_knowledge_gaps.training.loop.Progress.advance",
        lambda self, count=1, note="": notes.append(note),
    )
    with pytest.raises(Interrupted):
        run(tmp_path, TinyTask(at={9: interrupt}), measures())
    run(tmp_path, TinyTask(), lambda: {"detection_in_loss": 0.25})
    shown = [note.partition("detection_in_loss ")[2] for note in notes]
    assert shown == [""] * 5 + ["1"] * 2 + ["0.5"] * 4 + ["0.25"] * 3
