"""What would make a training step faster on this machine, a DCGAN's and a classifier's.

Beside the step as it is by default: in bfloat16; ten steps in a call, as a loop inside the
`tf.function`; and the same batch at every step, which shows what reading and feeding batches costs.

    python -m benchmarks.faster_steps [--width=1] [--batch_size=16] [--steps=40] [--repeats=5]
"""

import dataclasses

import numpy as np
import tensorflow as tf
from absl import flags

from benchmarks.timing import print_rates
from gan_knowledge_gaps.classifiers import ClassifierConfig, ClassifierTask
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.dcgan import DCGANConfig, DCGANTask
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.compiling import compile_step
from gan_knowledge_gaps.training.task import Task
from gan_knowledge_gaps.training.timing import medians

IMAGES = 4096
STEPS_IN_A_CALL = 10
DEFAULT = "float32, a step in a call"


def single_steps(task: Task, steps: int, batch: int | None = None):
    """A call that trains `steps` steps as the training loop does, or all of them on one batch."""
    train_step = compile_step(task, tf.distribute.get_strategy())

    def call() -> None:
        fixed = task.batch(batch) if batch is not None else None
        for step in range(steps):
            arrays = fixed or task.batch(step)
            metrics = train_step(step, tuple(map(tf.constant, arrays)))
        [float(value) for value in metrics.values()]

    return call


def several_steps(task: Task, steps: int):
    """A call that trains `steps` steps, ten in a call of TensorFlow."""
    # A classifier draws nothing.
    seed = {} if task.draw_seed is None else {"seed": tf.constant(task.draw_seed, tf.int64)}

    @tf.function
    def train_steps(first, *stacked):
        for position in tf.range(STEPS_IN_A_CALL, dtype=tf.int64):
            task.train_step(first + position, *(each[position] for each in stacked), **seed)
        return position

    def call() -> None:
        for first in range(0, steps, STEPS_IN_A_CALL):
            batches = [task.batch(step) for step in range(first, first + STEPS_IN_A_CALL)]
            stacked = [tf.constant(np.stack(each)) for each in zip(*batches, strict=True)]
            last = train_steps(tf.constant(first, tf.int64), *stacked)
        int(last)

    return call


def compare(title: str, make_task, steps: int, repeats: int) -> None:
    """Times every variant of a task, which `make_task(precision)` makes."""
    work = {
        DEFAULT: single_steps(make_task("float32"), steps),
        "bfloat16": single_steps(make_task("mixed_bfloat16"), steps),
        "ten steps in a call": several_steps(make_task("float32"), steps),
        "the same batch at every step": single_steps(make_task("float32"), steps, batch=0),
    }
    seconds = medians(work, repeats)
    print(title)
    print_rates(seconds, steps * make_task("float32").batch_size, baseline=DEFAULT)


def main() -> None:
    """Times a DCGAN's step and a classifier's."""
    values = flags.FLAGS
    steps = -(-values.steps // STEPS_IN_A_CALL) * STEPS_IN_A_CALL
    random = np.random.default_rng(0)
    natural, generated = (
        ArrayImages(random.integers(0, 256, (IMAGES, 28, 28, 1), dtype=np.uint8)) for _ in range(2)
    )
    gan = DCGANConfig(width=values.width, batch_size=values.batch_size)
    classifier = ClassifierConfig()

    def make_gan(precision: str) -> Task:
        return DCGANTask(dataclasses.replace(gan, precision=precision), natural, seed=0)

    def make_classifier(precision: str) -> Task:
        config = dataclasses.replace(classifier, precision=precision)
        return ClassifierTask("cnn", config, natural, [generated], seed=0)

    title = f"DCGAN step, width {gan.width:g}, batch {gan.batch_size}"
    compare(title, make_gan, steps, values.repeats)
    title = f"Classifier step, batch {classifier.batch_size}"
    compare(title, make_classifier, steps, values.repeats)


if __name__ == "__main__":
    flags.DEFINE_float("width", 1.0, "Multiplier of the DCGAN's hidden layers' channels.")
    flags.DEFINE_integer("batch_size", 16, "Images in a step of the DCGAN.", lower_bound=2)
    flags.DEFINE_integer("steps", 40, "Steps in a repeat, in tens.", lower_bound=1)
    flags.DEFINE_integer("repeats", 5, "Repeats.", lower_bound=1)
    command.run(main)
