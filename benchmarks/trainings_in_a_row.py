"""The second training of a kind in a process: by the graphs of the first, and by its own.

Seconds of processor time until a training has made its first 17 steps, which are of every kind that
it has; what else the machine does counts for less than in seconds on a clock. A lab's small
trainings, without a loop around them: building, tracing, optimizing, and the steps.

    python -m benchmarks.trainings_in_a_row [--width=0.25] [--repeats=3]
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from absl import flags

from gan_knowledge_gaps.classifiers import ClassifierConfig, ClassifierTask
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.stylegan2.family import StyleGAN2Family
from gan_knowledge_gaps.training import command, custom_gradients
from gan_knowledge_gaps.training.compiling import CompiledSteps
from gan_knowledge_gaps.training.distribution import distribute
from gan_knowledge_gaps.training.fooling import FoolingLoss
from gan_knowledge_gaps.training.task import Task

IMAGES, STEPS, SIZE = 256, 17, 8
OWN, SHARED = "its own graphs", "the first one's graphs"


def trainings(width: float) -> dict[str, Callable[[int], Task]]:
    """Trainings by kind; each is a function of its seed."""
    random = np.random.default_rng(0)
    natural, generated = (
        ArrayImages(random.integers(0, 256, (IMAGES, SIZE, SIZE, 1), dtype=np.uint8))
        for _ in range(2)
    )
    family = StyleGAN2Family.presets()["quick"]
    config = ClassifierConfig(width=width, jpeg_quality=75, enlarge=True)

    def classifier(seed: int) -> ClassifierTask:
        return ClassifierTask("resnet50", config, natural, [generated], seed)

    frozen = classifier(0).model

    def gan(seed: int, phi: float = 0.0) -> Task:
        fooling = FoolingLoss([frozen], phi, natural.shape) if phi else None
        return family.task(natural, seed, fooling)[0]

    return {
        "StyleGAN2": gan,
        "StyleGAN2 that fools a ResNet-50": lambda seed: gan(seed, 0.1),
        "ResNet-50": classifier,
    }


def seconds(make: Callable[[int], Task], steps: CompiledSteps, seed: int) -> float:
    """Processor seconds of a training of a few steps, begun from nothing."""
    strategy, started = tf.distribute.get_strategy(), time.process_time()
    with custom_gradients.release_gradient_registry():
        training = steps.training(make(seed), {})
        for step in range(STEPS):
            metrics = training.run_step(step, distribute(strategy, training.task.batch(step)))
        [float(value) for value in metrics.values()]
    return time.process_time() - started


def main() -> None:
    """Times every kind."""
    values, strategy = flags.FLAGS, tf.distribute.get_strategy()
    for name, make in trainings(values.width).items():
        kept, none = CompiledSteps(strategy), CompiledSteps(strategy, keep=0)
        seconds(make, kept, 0)
        taken = {OWN: [], SHARED: []}
        for repeat in range(1, values.repeats + 1):
            taken[OWN].append(seconds(make, none, repeat))
            taken[SHARED].append(seconds(make, kept, repeat))
        own, shared = (statistics.median(each) for each in taken.values())
        print(f"{name:34} {OWN} {own:5.1f} s, {SHARED} {shared:5.1f} s: {own / shared:.1f}x")


if __name__ == "__main__":
    flags.DEFINE_float("width", 0.25, "Width of the ResNet-50.", lower_bound=0.01)
    flags.DEFINE_integer("repeats", 3, "Repeats.", lower_bound=1)
    command.run(main)
