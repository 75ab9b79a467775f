"""Trainings side by side on a share of the cores each, beside one after another on all of them.

It is what `--workers` of the experiments does. Each worker is a process of its own that trains the
same number of steps; all start together, and the slowest counts.

    python -m benchmarks.side_by_side [--workers=2] [--width=1] [--batch_size=16] [--steps=40]
"""

import multiprocessing
import os
import statistics
import time

import numpy as np
from absl import flags

from benchmarks.timing import print_rates
from gan_knowledge_gaps.lab.executors.placement import share_of_cores
from gan_knowledge_gaps.training import command


def train(cores, width, batch_size, precision, steps, repeats, barrier, results) -> None:
    """In a process of its own: trains, and reports the seconds of each repeat."""
    os.sched_setaffinity(0, cores)  # Before TensorFlow counts the cores for its threads.
    import tensorflow as tf

    from gan_knowledge_gaps.data import ArrayImages
    from gan_knowledge_gaps.dcgan import DCGANConfig, DCGANTask
    from gan_knowledge_gaps.training.compiling import compile_step
    from gan_knowledge_gaps.training.runtime import configure

    configure()
    images = np.random.default_rng(0).integers(0, 256, (4096, 28, 28, 1), dtype=np.uint8)
    config = DCGANConfig(width=width, batch_size=batch_size, precision=precision)
    task = DCGANTask(config, ArrayImages(images), seed=0)
    train_step = compile_step(task, tf.distribute.get_strategy())
    for _ in range(1 + repeats):  # The first is a warm-up.
        barrier.wait()
        started = time.perf_counter()
        for step in range(steps):
            metrics = train_step(step, tuple(map(tf.constant, task.batch(step))))
        float(metrics["generator_loss"])
        results.put(time.perf_counter() - started)
        barrier.wait()


def seconds(shares: list[list[int]], precision: str) -> float:
    """Median seconds until a process on each share of cores has trained."""
    values = flags.FLAGS
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(len(shares) + 1), context.Queue()
    processes = [
        context.Process(
            target=train,
            args=(
                cores, values.width, values.batch_size, precision, values.steps, values.repeats,
                barrier, results,
            ),
        )
        for cores in shares
    ]  # fmt: skip
    for process in processes:
        process.start()
    slowest = []
    for _ in range(1 + values.repeats):
        barrier.wait()
        slowest.append(max(results.get() for _ in shares))
        barrier.wait()
    for process in processes:
        process.join()
    return statistics.median(slowest[1:])


def main() -> None:
    """Times both, in both precisions."""
    values = flags.FLAGS
    cores = sorted(os.sched_getaffinity(0))
    count = values.workers
    shares = [share_of_cores(index, count) for index in range(count)]
    images = count * values.steps * values.batch_size
    print(f"{count} DCGAN trainings on {len(cores)} cores, width {values.width:g}, "
          f"batch {values.batch_size}")  # fmt: skip
    measured = {}
    for precision in ("float32", "mixed_bfloat16"):
        # One after another: the time of one on all cores, as often as there are trainings.
        measured[f"one after another, {precision}"] = count * seconds([cores], precision)
        measured[f"side by side, {precision}"] = seconds(shares, precision)
    print_rates(measured, images, baseline="one after another, float32")


if __name__ == "__main__":
    flags.DEFINE_integer("workers", 2, "Trainings, at most as many as cores.", lower_bound=1)
    flags.DEFINE_float("width", 1.0, "Multiplier of the DCGAN's hidden layers' channels.")
    flags.DEFINE_integer("batch_size", 16, "Images in a step.", lower_bound=2)
    flags.DEFINE_integer("steps", 40, "Steps in a repeat.", lower_bound=1)
    flags.DEFINE_integer("repeats", 5, "Repeats.", lower_bound=1)
    command.run(main)
