"""What a run keeps on its way: networks, how good they are, and the best of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gan_knowledge_gaps.data import InputError, atomic_path
from gan_knowledge_gaps.evaluation.config import OVER_FEATURES
from gan_knowledge_gaps.evaluation.report import add_to_report, line, read_report
from gan_knowledge_gaps.stylegan2.config import GeneratorEvaluationConfig
from gan_knowledge_gaps.training.command_line import command_line
from gan_knowledge_gaps.training.progress import say

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.evaluation.evaluator import Evaluator
    from gan_knowledge_gaps.stylegan2.generator import Generator
    from gan_knowledge_gaps.stylegan2.task import StyleGAN2Task

FOLDER, DISCRIMINATORS, BEST = "snapshots", "discriminators", "best.keras"
RANKING = OVER_FEATURES[:2]  # distances, of which less is better


class Measurement:
    """Scores of a run's generator while it trains, as `stylegan2.evaluate` takes them.

    They stand in the report of `snapshots/`; the generator that has the lowest value of the first
    metric is kept as best.keras.

    Args:
        config: of the run: `data`, `metrics`, `features`, `inception`, `num_generated`.
        generator: that makes the run's images.
        folder: of the run.

    Raises:
        InputError: the first metric ranks no networks, the features cannot be had, or there are too
            few images.
    """

    def __init__(self, config: dict, generator: Generator, folder: Path):
        from gan_knowledge_gaps.evaluation.extractors import open_extractor
        from gan_knowledge_gaps.evaluation.reference import open_reference
        from gan_knowledge_gaps.stylegan2.evaluated import GeneratedImages

        self._metrics = tuple(config["metrics"])
        self._snapshots, self._best = folder / FOLDER, folder / BEST
        self._config = GeneratorEvaluationConfig(num_generated=config["num_generated"])
        self._extractor = open_extractor(config["features"], config["inception"], None)
        shape = generator.config.resolution, generator.config.channels
        self._reference = open_reference(config["data"], *shape, self._config, None)
        self._images = GeneratedImages(generator, self._config, self._reference.labels)
        self._evaluator().check_numbers(self._metrics)

    def take(self, name: str) -> None:
        """Measures the generator as it is now, and keeps it if it is the best so far.

        Args:
            name: of this snapshot.
        """
        evaluator = self._evaluator()
        network = str(self._snapshots / f"{name}.keras")
        conditions = self._images.conditions(network, self._reference)
        scores = list(evaluator.scores(self._metrics, self._extractor))
        add_to_report(self._snapshots, conditions, scores, command=command_line())
        evaluator.discard_generated()
        for score in scores:
            say(f"{name}: {line(score, conditions)}")
        if scores[0].value <= min(self._values(scores[0].name)):
            save(self._images.generator, self._best)

    def _evaluator(self) -> Evaluator:
        from gan_knowledge_gaps.evaluation.evaluator import Evaluator

        sampler, cache = self._images.sampler(), self._snapshots / "cache"
        return Evaluator(sampler, self._reference, self._config, cache)

    def _values(self, name: str) -> list[float]:
        """All values of a figure that were taken of this run."""
        figures = [each for entry in read_report(self._snapshots) for each in entry["figures"]]
        return [each["value"] for each in figures if each["name"] == name]


def check_metrics(names: list[str]) -> list[str]:
    """The metrics that are taken while a run trains, in their order.

    Raises:
        InputError: one is unknown, or takes too long, or none of them ranks networks.
    """
    unknown = [name for name in names if name not in OVER_FEATURES]
    if unknown:
        raise InputError(
            f"--metrics: while a run trains there are {', '.join(OVER_FEATURES)}, and no "
            f"'{unknown[0]}'; stylegan2.evaluate measures a run and its snapshots"
        )
    if names and not set(names) & set(RANKING):
        raise InputError("--metrics=pr does not say which network is the best; add fid or kid")
    return [name for name in OVER_FEATURES if name in names]


def snapshots(
    task: StyleGAN2Task, folder: Path, steps: range, keep: bool, measurement: Measurement | None
) -> dict[int, Callable[[], None]]:
    """What is done at the steps that have a grid of samples.

    Args:
        task: that is trained.
        folder: of the run.
        steps: that have a grid.
        keep: whether to keep the averaged generator and the discriminator.
        measurement: what measures the averaged generator, if anything does.
    """
    if not (keep or measurement):
        return {}
    return {
        step: functools.partial(_take, task, folder, f"step-{step:09d}", keep, measurement)
        for step in steps
    }


def _take(
    task: StyleGAN2Task, folder: Path, name: str, keep: bool, measurement: Measurement | None
) -> None:
    if keep:
        save(task.generator_ema, folder / FOLDER / f"{name}.keras")
        save(task.discriminator, folder / FOLDER / DISCRIMINATORS / f"{name}.keras")
    if measurement:
        measurement.take(name)


def save(network: keras.Model, path: Path) -> None:
    """Writes a network's file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        network.save(temporary)
