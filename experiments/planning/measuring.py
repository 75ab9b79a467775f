"""A step of each kind of training, timed on the spot, and the bytes that a training leaves."""

import contextlib
import dataclasses
import logging
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf

from classifiers import ClassifierTask, DigitTask, build_configured
from experiments.lab import Lab
from experiments.planning.kinds import Kind
from experiments.specs import GAN, Classifier, DigitClassifier
from experiments.streaming import is_streamed
from training import custom_gradients
from training.distribution import distribute
from training.loop import compile_step
from training.progress import say
from training.task import Task, flat_variables

# Steps over which the kinds of a step are counted: StyleGAN2's repeat every 16, unless its
# intervals are set to others.
PERIOD = 64
# A kind of step is repeated until it has taken so long, at least twice.
LEAST_SECONDS, LEAST_STEPS = 1.0, 2


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a training of a kind takes.

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


def measure(lab: Lab, kinds: Iterable[Kind]) -> dict[Kind, Cost]:
    """The cost of each kind on one device of this machine, compilation left out.

    Nothing is trained for it and nothing is written: the classifiers have fresh weights, and
    natural images stand in for generated ones. Of a GAN that fools several classifiers, the time
    that each classifier adds is that which one of its architecture adds alone.
    """
    kinds, natural, measured = set(kinds), lab.dataset.train, {}
    with _without_advice():
        classifiers = any(kind.kind == Classifier.kind for kind in kinds)
        streams = classifiers and is_streamed(len(natural), natural.shape)
        with custom_gradients.release_gradient_registry():
            making = _seconds_of_generated(lab) if streams else 0.0
        for part in sorted({part for kind in kinds for part in kind.parts}):
            with custom_gradients.release_gradient_registry():
                measured[part] = cost = _measure(lab, part, making)
            say(f"{part}: {cost.seconds:.3g} s a step")
    return {kind: together([measured[part] for part in kind.parts]) for kind in kinds}


def _measure(lab: Lab, kind: Kind, making: float) -> Cost:
    """The cost of a kind, given the seconds of each generated image that a classifier sees."""
    task, networks = _task(lab, kind)
    seconds = seconds_of_step(task, tf.distribute.get_strategy())  # the default: one device
    generated = task.batch_size / 2 if kind.kind == Classifier.kind else 0
    return Cost(
        seconds + generated * making,
        _bytes(flat_variables(networks[0])),
        _bytes(flat_variables(*networks)),
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


def together(parts: list[Cost]) -> Cost:
    """The cost of the first part, and the time that each of the others takes longer than it."""
    plain = parts[0]
    # Where a classifier costs next to nothing, the clock may say less than that.
    added = sum(max(0.0, part.seconds - plain.seconds) for part in parts[1:])
    return dataclasses.replace(plain, seconds=plain.seconds + added)


def scaled(
    costs: Mapping[Kind, Cost], batch_size: int, seconds_per_kimg: float
) -> dict[Kind, Cost]:
    """The costs on another device, all times scaled by what is known of a plain GAN's there.

    Args:
        costs: measured here.
        batch_size: images of a GAN's step.
        seconds_per_kimg: of 1,000 images of a GAN that fools nobody, there.
    """
    factor = seconds_per_kimg * batch_size / 1000 / costs[Kind(GAN.kind)].seconds
    return {
        kind: dataclasses.replace(each, seconds=factor * each.seconds)
        for kind, each in costs.items()
    }


def seconds_of_step(task: Task, strategy: tf.distribute.Strategy) -> float:
    """Mean seconds of a step, its kinds of step weighed by how often they come."""
    run_step = compile_step(task, strategy)
    phases = Counter(task.phase(step) for step in range(PERIOD))
    first = {phase: _first_step(task, phase) for phase in phases}
    total = sum(
        count * _median_seconds(run_step, task, strategy, first[phase])
        for phase, count in phases.items()
    )
    return total / PERIOD


def _task(lab: Lab, kind: Kind) -> tuple[Task, list[keras.Model]]:
    """A training of a kind, and its networks: first the one that others use."""
    natural, setting = lab.dataset.train, lab.setting
    if kind.kind == Classifier.kind:
        task = ClassifierTask(kind.architectures[0], setting.classifier, natural, [natural], 0)
        return task, [task.model]
    if kind.kind == DigitClassifier.kind:
        task = DigitTask(setting.digits, natural, lab.dataset.train_labels, 0)
        return task, [task.model]
    fooling = None
    if kind.architectures:
        frozen = [
            build_configured(name, natural.shape, seed, setting.classifier)
            for seed, name in enumerate(kind.architectures)
        ]
        fooling = setting.fooling_loss(frozen, 1.0, natural.shape)
    task, networks = setting.gan_task(natural, 0, fooling)
    return task, list(networks.values())


def _bytes(variables) -> int:
    return sum(variable.shape.num_elements() * variable.dtype.size for variable in variables)


def _first_step(task: Task, phase: Hashable) -> int:
    return next(step for step in range(PERIOD) if task.phase(step) == phase)


def _median_seconds(run_step, task: Task, strategy: tf.distribute.Strategy, step: int) -> float:
    def once() -> None:
        batch = distribute(strategy, task.batch(step))
        metrics = run_step(tf.constant(step, tf.int64), *batch, phase=task.phase(step))
        tf.nest.map_structure(np.asarray, metrics)  # waits for the device

    return _median(once)


def _seconds_of_generated(lab: Lab) -> float:
    """Seconds of one image that a generator makes."""
    _, networks = lab.setting.gan_task(lab.dataset.train, 0, None)
    generator, block = next(iter(networks.values())), np.arange(lab.setting.block)
    return _median(lambda: lab.setting.sample(generator, block, 1.0)) / len(block)


def _median(work: Callable[[], None]) -> float:
    """Median seconds of what is done often enough, after a first time."""
    work()
    taken: list[float] = []
    while len(taken) < LEAST_STEPS or sum(taken) < LEAST_SECONDS:
        started = time.monotonic()
        work()
        taken.append(time.monotonic() - started)
    return float(np.median(taken))
