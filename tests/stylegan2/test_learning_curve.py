"""The learning curve: what is read, what is written, and what is refused."""

import json
from pathlib import Path

import pytest
from PIL import Image

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.evaluation.evaluator import Score
from gan_knowledge_gaps.evaluation.report import add_to_report
from gan_knowledge_gaps.stylegan2.learning_curve import draw, read_figures, read_losses, to_csv


def report(folder: Path, name: str, value: float) -> None:
    """What `stylegan2.evaluate` writes of a network's file."""
    conditions = {"network": f"run/step-000000007/{name}.keras"}
    conditions |= {"truncation": 1.0, "noise": "random", "seed": 0}
    add_to_report(folder, conditions, [Score("sliced Wasserstein distance", value)])


def test_kimg_are_steps_times_the_batch(tmp_path):
    metrics = tmp_path / "metrics.jsonl"
    lines = [
        {"step": 10, "generator_loss": 1.5, "path_length": 0.1},
        {"step": 20, "generator_loss": 2.5, "discriminator_loss": 0.5},
    ]
    metrics.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"step": 3')
    losses = read_losses(metrics, 0.032)
    assert losses == {
        "generator_loss": [(0.32, 1.5), (0.64, 2.5)],
        "discriminator_loss": [(0.64, 0.5)],
    }
    report(tmp_path / "b", "step-000002000", 3.0)
    report(tmp_path / "a", "step-000001000", 9.0)
    figures = read_figures([tmp_path / "b", tmp_path / "a"], 0.032)
    assert figures == {"sliced Wasserstein distance": [(32.0, 9.0), (64.0, 3.0)]}
    assert to_csv(figures).splitlines()[1:] == [
        "sliced Wasserstein distance,32,9.0",
        "sliced Wasserstein distance,64,3.0",
    ]
    draw(tmp_path / "curve.png", losses, figures)
    with Image.open(tmp_path / "curve.png") as picture:
        assert min(picture.size) > 400


def test_a_report_of_something_else_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no report"):
        read_figures([tmp_path], 0.032)
    report(tmp_path / "run", "generator_ema", 9.0)
    with pytest.raises(InputError, match="no snapshot"):
        read_figures([tmp_path / "run"], 0.032)
