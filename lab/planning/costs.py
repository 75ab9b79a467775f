"""A step of each cost class, timed on the spot, and the bytes that a training leaves.

A value stands for each class; it is built as the lab builds it, in a workshop where nothing is
trained.
"""

import contextlib
import dataclasses
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf

from gan_knowledge_gaps.data import Images
from gan_knowledge_gaps.lab import families
from gan_knowledge_gaps.lab.lab import Lab
from gan_knowledge_gaps.lab.specs import GAN, ImageSource, Published, Spec
from gan_knowledge_gaps.lab.streaming import is_streamed
from gan_knowledge_gaps.training import custom_gradients
from gan_knowledge_gaps.training.compiling import compile_step
from gan_knowledge_gaps.training.distribution import distribute
from gan_knowledge_gaps.training.progress import say
from gan_knowledge_gaps.training.task import Task, flat_variables

# Steps over which the kinds of steps are counted: StyleGAN2's repeat every 16, unless its
# intervals are set to others.
PERIOD = 64
# A step is repeated until it has taken so long, at least twice.
LEAST_SECONDS, LEAST_STEPS = 1.0, 2


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a training of a cost class takes.

    Attributes:
        seconds: of a step, on one device; of a classifier, with the making of its images where
            these are not kept.
        model: bytes of the network that others use.
        networks: bytes of all networks, that one included.
        checkpoint: bytes of a checkpoint.
    """

    seconds: float
    model: int
    networks: int
    checkpoint: int


class Untrained:
    """Where values are built without anything being trained: all of the lab's networks are fresh.

    Natural images stand in for generated ones.

    Args:
        lab: whose data and configuration it has.
    """

    def __init__(self, lab: Lab):
        self.dataset, self.config = lab.dataset, lab.config
        self.strategy = tf.distribute.get_strategy()  # the default: one device

    def model(self, spec: Spec) -> keras.Model:
        """The first network of a value, with fresh weights; of one from outside its own."""
        if isinstance(spec, Published):
            return spec.generator
        _, networks = spec.build(self)
        return next(iter(networks.values()))

    def copy_networks(self, source: ImageSource, networks: dict[str, keras.Model]) -> None:
        """Leaves them fresh."""

    def training_images(self, source: ImageSource) -> Images:
        """Natural ones."""
        return self.dataset.train


def cost_classes(specs: Iterable[Spec]) -> set[Spec]:
    """The cost classes of values."""
    return {each for spec in specs if (each := spec.cost_class) is not None}


def measure(lab: Lab, classes: Iterable[Spec]) -> dict[Spec, Cost]:
    """The cost of each class; see `measure_parts` and `combined`.

    Args:
        lab: where they would be trained.
        classes: the values that stand for them.
    """
    classes = set(classes)
    return combined(measure_parts(lab, classes), classes)


def measure_parts(lab: Lab, classes: Iterable[Spec]) -> dict[Spec, Cost]:
    """The cost of each part of cost classes, on one device of this machine, without compilation.

    Nothing is trained for it and nothing is written.

    Args:
        lab: where they would be trained.
        classes: the values that stand for the classes.
    """
    measured = {}
    with _without_advice():
        for part in sorted({each for spec in classes for each in spec.cost_parts}, key=_by_name):
            with custom_gradients.release_gradient_registry():
                measured[part] = cost = _measure(lab, part)
            say(f"{part.cost_name}: {cost.seconds:.3g} s a step")
    return measured


def combined(parts: Mapping[Spec, Cost], classes: Iterable[Spec]) -> dict[Spec, Cost]:
    """The cost of each class, of the costs of its parts.

    Of a GAN that fools several classifiers, the time that each classifier adds is that which one of
    its architecture adds alone.
    """
    return {spec: combine_costs([parts[part] for part in spec.cost_parts]) for spec in classes}


def _by_name(spec: Spec) -> tuple[str, str]:
    return spec.kind, spec.cost_name


def _measure(lab: Lab, spec: Spec) -> Cost:
    workshop = Untrained(lab)
    task, networks = spec.build(workshop)
    seconds = seconds_of_step(task, workshop.strategy)
    if spec.reads_generated is not None:
        seconds += task.batch_size / 2 * _seconds_of_generated(workshop, spec.reads_generated)
    model, *others = networks.values()
    return Cost(
        seconds,
        _bytes(flat_variables(model)),
        _bytes(flat_variables(model, *others)),
        sum(_bytes(variables) for variables in task.state.values()),
    )


@contextlib.contextmanager
def _without_advice() -> Iterator[None]:
    """TensorFlow warns of functions that are compiled and then called a few times only."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def combine_costs(parts: list[Cost]) -> Cost:
    """The cost of the first part, and the time that each of the others takes longer than it."""
    plain = parts[0]
    # Where a classifier costs next to nothing, the clock may say less than that.
    added = sum(max(0.0, part.seconds - plain.seconds) for part in parts[1:])
    return dataclasses.replace(plain, seconds=plain.seconds + added)


def scaled(costs: Mapping[Spec, Cost], gan: GAN, seconds: float) -> dict[Spec, Cost]:
    """The costs on another device, all times scaled by what is known of one GAN's there.

    Args:
        costs: measured here.
        gan: one of them.
        seconds: of a step of it, there.
    """
    factor = seconds / costs[gan].seconds
    return {
        spec: dataclasses.replace(each, seconds=factor * each.seconds)
        for spec, each in costs.items()
    }


def seconds_of_step(task: Task, strategy: tf.distribute.Strategy) -> float:
    """Mean seconds of a step, its kinds weighed by how often they come."""
    run_step = compile_step(task, strategy)
    kinds = [tuple(task.parts(step)) for step in range(PERIOD)]
    total = sum(
        count * _median_seconds(run_step, task, strategy, kinds.index(kind))
        for kind, count in Counter(kinds).items()
    )
    return total / PERIOD


def _bytes(variables) -> int:
    return sum(variable.shape.num_elements() * variable.dtype.size for variable in variables)


def _median_seconds(run_step, task: Task, strategy: tf.distribute.Strategy, step: int) -> float:
    def once() -> None:
        batch = distribute(strategy, task.batch(step))
        metrics = run_step(step, batch)
        tf.nest.map_structure(np.asarray, metrics)  # waits for the device

    return _median(once)


def _seconds_of_generated(workshop: Untrained, source: ImageSource) -> float:
    """Seconds of an image of a source that is made whenever it is read; 0 where it is kept."""
    natural = workshop.dataset.train
    if source.family is None or not is_streamed(len(natural), natural.shape):
        return 0.0
    family = families.find(source.family)
    generator, block = workshop.model(source), np.arange(family.block)
    return _median(lambda: family.sample(generator, block)) / len(block)


def _median(work: Callable[[], object]) -> float:
    """Median seconds of what is done often enough, after a first time."""
    work()
    taken: list[float] = []
    while len(taken) < LEAST_STEPS or sum(taken) < LEAST_SECONDS:
        started = time.monotonic()
        work()
        taken.append(time.monotonic() - started)
    return float(np.median(taken))
