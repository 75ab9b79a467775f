"""Steps of the trainings with oneDNN's kernels, which are on here, beside TensorFlow's own choice.

TensorFlow chooses when it is imported, so that each side is a process of its own; they take turns.
Milliseconds of processor time on one thread: what else the machine does counts for less.

    python -m benchmarks.onednn [--only=StyleGAN2] [--repeats=3]
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import numpy as np
from absl import flags

from benchmarks.timing import one_thread
from gan_knowledge_gaps.training import command

if TYPE_CHECKING:
    from gan_knowledge_gaps.data import ArrayImages
    from gan_knowledge_gaps.training.task import Task

SIDES = {"TensorFlow's choice": None, "oneDNN": "1"}
STEPS = 16  # until all kinds of StyleGAN2's steps have come


def images(size: int, channels: int) -> ArrayImages:
    """Noise in place of natural images."""
    from gan_knowledge_gaps.data import ArrayImages

    shape = (256, size, size, channels)
    return ArrayImages(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


def dcgan(batch_size: int) -> Task:
    """The paper's DCGAN."""
    from gan_knowledge_gaps.dcgan import DCGANConfig, DCGANTask

    return DCGANTask(DCGANConfig(batch_size=batch_size), images(28, 1), seed=0)


def stylegan2(preset: str = "", batch_size: int = 32, **options: int) -> Task:
    """A StyleGAN2 of the lab's preset, or with options of its networks."""
    from gan_knowledge_gaps.stylegan2 import NetworkConfig, StyleGAN2Task, TrainingConfig
    from gan_knowledge_gaps.stylegan2.family import StyleGAN2Family

    presets = StyleGAN2Family.presets()
    network = presets[preset].network if preset else NetworkConfig(**options)
    training = TrainingConfig(batch_size=batch_size, micro_batch=batch_size)
    natural = images(network.resolution, network.channels)
    return StyleGAN2Task(network, training, natural, seed=0)


def classifier(
    architecture: str, size: int, channels: int = 3, width: float = 1.0, batch_size: int = 32
) -> Task:
    """One of the paper's classifiers."""
    from gan_knowledge_gaps.classifiers import ClassifierConfig, ClassifierTask

    config = ClassifierConfig(width=width, batch_size=batch_size)
    natural, generated = images(size, channels), images(size, channels)
    return ClassifierTask(architecture, config, natural, [generated], seed=0)


TRAININGS: dict[str, Callable[[], Task]] = {
    "DCGAN, 28x28": lambda: dcgan(16),
    "DCGAN, 28x28, batch 64": lambda: dcgan(64),
    "small CNN, 28x28": lambda: classifier("cnn", 28, channels=1),
    "StyleGAN2, 8x8, quick": lambda: stylegan2("quick"),
    "StyleGAN2, 16x16, reduced": lambda: stylegan2("reduced"),
    "StyleGAN2, 32x32": lambda: stylegan2(resolution=32, fmap_base=1024, batch_size=8),
    "ResNet-50, 64x64": lambda: classifier("resnet50", 64, batch_size=8),
    "ResNet-50, 64x64, width 0.25": lambda: classifier("resnet50", 64, width=0.25),
    "Inception-v3, 96x96, width 0.25": lambda: classifier("inception_v3", 96, width=0.25),
    "MobileNetV2, 64x64": lambda: classifier("mobilenet_v2", 64),
    "MobileNetV2, 32x32, width 0.25": lambda: classifier("mobilenet_v2", 32, width=0.25),
}


def serve(setting: str | None, connection: Connection) -> None:
    """In a process of its own: makes steps of the training whose name it gets; None ends it."""
    os.environ.pop("TF_ENABLE_ONEDNN_OPTS", None)
    if setting is not None:
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = setting
    import tensorflow as tf

    from gan_knowledge_gaps.training.compiling import compile_step
    from gan_knowledge_gaps.training.runtime import configure

    configure()
    one_thread()
    current = None
    while (name := connection.recv()) is not None:
        if name != current:
            task, current = TRAININGS[name](), name
            run_step = compile_step(task, tf.distribute.get_strategy())
            batch = tuple(map(tf.constant, task.batch(0)))
        started = time.process_time()
        for step in range(STEPS):
            metrics = run_step(step, batch)
        float(next(iter(metrics.values())))
        connection.send((time.process_time() - started) / STEPS)


def seconds(name: str, sides: dict[str, Connection], repeats: int) -> dict[str, float]:
    """Median processor time of a step on each side."""
    taken: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(1 + repeats):  # The first is a warm-up.
        for side, connection in sides.items():
            connection.send(name)
            taken[side].append(connection.recv())
    return {side: statistics.median(values[1:]) for side, values in taken.items()}


def main() -> None:
    """Times the trainings."""
    values, context, sides = flags.FLAGS, multiprocessing.get_context("spawn"), {}
    for side, setting in SIDES.items():
        sides[side], theirs = context.Pipe()
        context.Process(target=serve, args=(setting, theirs), daemon=True).start()
    for name in (name for name in TRAININGS if values.only in name):
        theirs, ours = seconds(name, sides, values.repeats).values()
        print(f"{name:32} {theirs * 1e3:7.1f} ms, with oneDNN {ours * 1e3:7.1f} ms: "
              f"{theirs / ours:.2f}x", flush=True)  # fmt: skip
    for connection in sides.values():
        connection.send(None)


if __name__ == "__main__":
    flags.DEFINE_string("only", "", "Trainings whose name has this in it.")
    flags.DEFINE_integer("repeats", 3, "Repeats.", lower_bound=1)
    command.run(main)
