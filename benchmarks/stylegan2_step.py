"""StyleGAN2's four updates, in images/s, and their share of the machine's matmul peak.

The weighted total is the training's: a path length update every 4 minibatches, an R1 update every
16. Floating-point operations are those of the convolutions and matrix products; the peak is that of
a product of 2048x2048 matrices in the convolutions' precision, measured in turn with the updates.
"step" is the mean of whole steps as the loop makes them, averages included. With --one_thread all
of it is one thread's processor time, which other work on the machine changes less.

    python -m benchmarks.stylegan2_step [--resolution=32] [--batch_size=32] [--repeats=5]
    python -m benchmarks.stylegan2_step --preset=quick   # the lab's networks of 8x8; or reduced
"""

import functools
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from absl import flags

from benchmarks.operations import operations
from benchmarks.timing import one_thread
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.stylegan2 import NetworkConfig, StyleGAN2Task, TrainingConfig
from gan_knowledge_gaps.stylegan2.family import StyleGAN2Family
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.compiling import compile_step
from gan_knowledge_gaps.training.native import library
from gan_knowledge_gaps.training.timing import medians

MATRIX = 2048
PERIOD = 16  # steps until all kinds have come


def updates(task: StyleGAN2Task) -> dict[str, tf.types.experimental.ConcreteFunction]:
    """Each update as a graph of its own, with what it needs bound to it."""
    batch = tuple(map(tf.constant, task.batch(0)))
    natural = tf.cast(batch[0], tf.float32) / 127.5 - 1.0
    step = seed = tf.constant(0, tf.int64)
    made = {}
    for update in task._updates.values():
        function = tf.function(lambda images, update=update: update(step, seed, (images,)))
        made[update.name] = (function.get_concrete_function(natural), natural)
    return made


def steps(task: StyleGAN2Task) -> dict[tuple[str, ...], Callable[[], float]]:
    """Whole steps of each kind, by their parts."""
    run_step = compile_step(task, tf.distribute.get_strategy())
    batch = tuple(map(tf.constant, task.batch(0)))

    def call(step: int) -> float:
        return float(run_step(step, batch)["discriminator_loss"])

    kinds = {tuple(task.parts(step)): step for step in range(PERIOD)}
    return {kind: functools.partial(call, step) for kind, step in kinds.items()}


def configuration() -> tuple[NetworkConfig, TrainingConfig]:
    """The networks and their training, as the flags say."""
    values = flags.FLAGS
    if values.preset:
        family = StyleGAN2Family.presets()[values.preset]
        return family.network, family.training
    network = NetworkConfig(
        resolution=values.resolution, fmap_base=values.fmap_base, fmap_max=values.fmap_max,
        precision=values.precision,
    )  # fmt: skip
    return network, TrainingConfig(batch_size=values.batch_size, micro_batch=values.batch_size)


def main() -> None:
    """Times the updates of one resolution."""
    values = flags.FLAGS
    library.prefer(values.ops)
    clock = time.perf_counter
    if values.one_thread:
        clock = time.process_time
        one_thread()
    network, training = configuration()
    size, batch_size = network.resolution, training.batch_size
    random = np.random.default_rng(0)
    shape = (batch_size, size, size, network.channels)
    images = ArrayImages(random.integers(0, 256, shape, dtype=np.uint8))
    task = StyleGAN2Task(network, training, images, seed=0)
    made = updates(task)
    matrix = tf.constant(random.normal(size=(MATRIX, MATRIX)), network.precision)
    work = {
        name: lambda function=function, natural=natural: float(
            next(iter(function(natural).values())).numpy().ravel()[0]
        )
        for name, (function, natural) in made.items()
    }
    whole = steps(task)
    work |= whole | {"matmul": lambda: float((matrix @ matrix)[0, 0])}
    seconds = medians(work, values.repeats, clock=clock)
    of_kinds = {kind: seconds.pop(kind) for kind in whole}
    peak = 2 * MATRIX**3 / seconds.pop("matmul")
    flops = {name: operations(function) for name, (function, _) in made.items()}
    weights = {
        "G": 1, "G_reg": 1 / training.generator_interval, "D": 1,
        "D_reg": 1 / training.discriminator_interval,
    }  # fmt: skip
    seconds["weighted total"] = sum(weights[name] * seconds[name] for name in weights)
    made = [of_kinds[tuple(task.parts(step))] for step in range(PERIOD)]
    seconds["step"] = sum(made) / PERIOD
    flops["weighted total"] = sum(weights[name] * flops[name] for name in weights)
    flops["step"] = flops["weighted total"]
    print(
        f"{size}x{size}, fmap_base {network.fmap_base}, batch {batch_size}, "
        f"{network.precision}; matmul peak at this precision {peak / 1e9:.0f} GFLOP/s"
    )
    for name, value in seconds.items():
        rate, share = batch_size / value, flops[name] / value / peak
        print(f"{name:14}  {value:7.3f} s  {rate:7.1f} images/s  {share:4.0%} of the peak")


if __name__ == "__main__":
    flags.DEFINE_integer("resolution", 32, "Height and width of the images.")
    flags.DEFINE_integer("fmap_base", 1024, "Feature maps; 16384 in config-f.")
    flags.DEFINE_integer("fmap_max", 512, "Most feature maps of a layer.")
    flags.DEFINE_integer("batch_size", 32, "Images of a minibatch.", lower_bound=1)
    flags.DEFINE_integer("repeats", 5, "Repeats.", lower_bound=1)
    flags.DEFINE_enum("precision", "float32", ["float32", "bfloat16"], "Of the convolutions.")
    flags.DEFINE_enum("preset", None, ["quick", "reduced"], "The lab's networks and training.")
    flags.DEFINE_bool("one_thread", False, "One thread, and its processor time.")
    flags.DEFINE_enum("ops", "auto", library.IMPLEMENTATIONS, "Implementation of the operations.")
    command.run(main)
