"""What trainings would cost: seconds of a step, measured on the spot, and time on many devices."""

import dataclasses
import heapq
import time
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping

import numpy as np
import tensorflow as tf

from classifiers import ClassifierTask, DigitTask, build_configured
from experiments.lab import Lab
from experiments.specs import GAN, Classifier, DigitClassifier, Spec, in_order
from training.distribution import distribute
from training.loop import compile_step
from training.progress import say
from training.task import Task

# Steps over which the kinds of a step are counted: StyleGAN2's repeat every 16.
PERIOD = 64
# A kind of step is repeated until it has taken so long, at least twice.
LEAST_SECONDS, LEAST_STEPS = 1.0, 2


@dataclasses.dataclass(frozen=True, order=True)
class Kind:
    """What decides how long a step of a training takes.

    Attributes:
        kind: of the value: gan, classifier, digits.
        architectures: of the classifiers in a GAN's loss, or the one of a classifier.
    """

    kind: str
    architectures: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind != GAN.kind:
            return " ".join((self.kind, *self.architectures))
        counts = Counter(self.architectures)
        fooled = " and ".join(f"{count} {name}" for name, count in counts.items())
        return f"gan that fools {fooled}" if fooled else "gan"


def kind_of(spec: Spec) -> Kind | None:
    """The kind of a value; None for those that are not trained."""
    match spec:
        case GAN():
            return Kind(spec.kind, tuple(sorted(each.architecture for each in spec.fools)))
        case Classifier():
            return Kind(spec.kind, (spec.architecture,))
        case DigitClassifier():
            return Kind(spec.kind)
    return None


def measure(lab: Lab, kinds: Iterable[Kind]) -> dict[Kind, float]:
    """Seconds of a step of each kind, on this machine and with its devices, compilation left out.

    Nothing is trained for it and nothing is written: the classifiers have fresh weights, and
    natural images stand in for generated ones.
    """
    seconds = {}
    for kind in sorted(set(kinds)):
        with lab.strategy.scope():
            task = _task(lab, kind)
        seconds[kind] = seconds_of_step(task, lab.strategy)
        say(f"{kind}: {seconds[kind]:.3g} s a step, {task.batch_size / seconds[kind]:.3g} images/s")
    return seconds


def _task(lab: Lab, kind: Kind) -> Task:
    natural, setting = lab.dataset.train, lab.setting
    if kind.kind == Classifier.kind:
        return ClassifierTask(kind.architectures[0], setting.classifier, natural, [natural], 0)
    if kind.kind == DigitClassifier.kind:
        return DigitTask(setting.digits, natural, lab.dataset.train_labels, 0)
    fooling = None
    if kind.architectures:
        frozen = [
            build_configured(name, natural.shape, seed, setting.classifier)
            for seed, name in enumerate(kind.architectures)
        ]
        fooling = setting.fooling_loss(frozen, 1.0, natural.shape)
    return setting.gan_task(natural, 0, fooling)[0]


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


def _first_step(task: Task, phase: Hashable) -> int:
    return next(step for step in range(PERIOD) if task.phase(step) == phase)


def _median_seconds(run_step, task: Task, strategy: tf.distribute.Strategy, step: int) -> float:
    def once() -> float:
        started = time.monotonic()
        batch = distribute(strategy, task.batch(step))
        metrics = run_step(tf.constant(step, tf.int64), *batch, phase=task.phase(step))
        tf.nest.map_structure(np.asarray, metrics)  # waits for the device
        return time.monotonic() - started

    once()
    taken: list[float] = []
    while len(taken) < LEAST_STEPS or sum(taken) < LEAST_SECONDS:
        taken.append(once())
    return float(np.median(taken))


def cost(lab: Lab, specs: Iterable[Spec], seconds: Mapping[Kind, float]) -> dict[Spec, float]:
    """Seconds on one device of all that is missing for some values; 0 for what is only derived.

    Args:
        lab: where they would be trained.
        specs: the values.
        seconds: of a step of each kind.
    """
    images = len(lab.dataset.train)
    return {
        spec: lab.setting.steps(spec, images) * seconds.get(kind_of(spec), 0.0)
        for spec in lab.missing(specs)
    }


def on_devices(
    seconds: Mapping[Spec, float], devices: int, speedups: Mapping[int, float]
) -> tuple[float, int]:
    """The least time on several devices, and how many of them a training then takes.

    Args:
        seconds: of each value, on one device.
        devices: how many there are, at least one.
        speedups: how much faster a training is on so many devices than on one; of 1 at least.
    """
    return min(
        (makespan({spec: s / faster for spec, s in seconds.items()}, devices // each), each)
        for each, faster in speedups.items()
        if each <= devices
    )


def makespan(seconds: Mapping[Spec, float], slots: int) -> float:
    """When the last value is trained, each slot taking the first one that is ready.

    Args:
        seconds: of each value; what they depend on and is not here is trained already.
        slots: trainings side by side, at least 1.
    """
    waiting = [spec for spec in in_order(seconds) if spec in seconds]
    # A heap of (when it ends, which was begun, the value).
    running: list[tuple[float, int, Spec]] = []
    undone, now, begun = set(waiting), 0.0, 0
    while undone:
        ready = [spec for spec in waiting if not undone & set(spec.dependencies)]
        for spec in ready[: slots - len(running)]:
            waiting.remove(spec)
            heapq.heappush(running, (now + seconds[spec], begun, spec))
            begun += 1
        now, _, spec = heapq.heappop(running)
        undone.remove(spec)
    return now


def hours(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, length in (("years", 365 * 86400), ("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"
