"""What a training says of itself, in lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gan_knowledge_gaps.data.time_spans import time_span
from gan_knowledge_gaps.stylegan2.config import TrainingConfig
from gan_knowledge_gaps.training.memory import peak_megabytes

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.stylegan2.task import StyleGAN2Task


def describe(task: StyleGAN2Task) -> str:
    """The networks' sizes and the operations in use, in words."""
    from gan_knowledge_gaps.training.native import library

    def count(network: keras.Model) -> int:
        return sum(math.prod(variable.shape) for variable in network.trainable_variables)

    ops = "custom" if library.load() is not None else "plain TensorFlow"
    return (
        f"generator {count(task.generator):,} parameters, discriminator "
        f"{count(task.discriminator):,}; {ops} operations"
    )


def tick_line(
    step: int, metrics: dict[str, float], training: TrainingConfig, every: int, seconds: float
) -> str:
    """What is said at the end of a tick.

    Args:
        step: how many are done.
        metrics: of the tick.
        training: its configuration.
        every: steps of a tick.
        seconds: how long the run has trained so far.
    """
    rate = max(metrics["images_per_second"], 1e-9)
    left = (training.steps - step) * training.batch_size / rate
    means = {name: value for name, value in metrics.items() if not name.endswith("_skipped")}
    means.pop("images_per_second")
    skipped = sum(value for name, value in metrics.items() if name.endswith("_skipped"))
    return (
        f"tick {-(-step // every)}  kimg {step * training.batch_size / 1000:.1f} of "
        f"{training.kimg:,g}  sec/kimg {1000 / rate:.2f}  elapsed {time_span(seconds)}  "
        f"left {time_span(left)}  memory {peak_megabytes():,.0f} MB  "
        + "  ".join(f"{name} {value:.3g}" for name, value in means.items())
        + (f"  skipped {skipped:.0%} of an update" if skipped else "")
    )
