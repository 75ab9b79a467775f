"""What fits in a budget: so many hours on so many devices.

What counts is wall time: a GAN of an iteration waits for the classifiers of the one before, and
trainings that wait for nothing run side by side, `lab/planning/schedule.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.sizes import INSTANCES, ITERATIONS
from gan_knowledge_gaps.lab import run
from gan_knowledge_gaps.lab.planning.estimate import estimate
from gan_knowledge_gaps.lab.planning.schedule import on_devices
from gan_knowledge_gaps.lab.planning.text import duration
from gan_knowledge_gaps.lab.specs import GAN, Spec
from gan_knowledge_gaps.training.flag_help import EXECUTION, group
from gan_knowledge_gaps.training.progress import say

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab
    from gan_knowledge_gaps.lab.planning.costs import Cost

HOUR = 3600


def define() -> None:
    """Declares the flags."""
    with group(EXECUTION):
        flags.DEFINE_float(
            "budget_hours", None, "Measure steps, print what fits in so many hours on --devices, "
            "and start nothing else.",
            lower_bound=0.0,
        )  # fmt: skip
        flags.DEFINE_integer(
            "devices", None, "With --budget_hours: devices that train side by side [1].",
            lower_bound=1, upper_bound=1024,
        )  # fmt: skip
        flags.DEFINE_boolean("exceed_budget", False, "Start even what does not fit.")
        flags.DEFINE_float(
            "seconds_per_kimg", None,
            "Plans for a device that is not here, on which a GAN takes so long for 1,000 images.",
            lower_bound=1e-6,
        )  # fmt: skip


def check_flags() -> None:
    """Raises InputError where a flag lacks the one that it goes with."""
    values = flags.FLAGS
    if values.seconds_per_kimg and not values.dry_run and values.budget_hours is None:
        raise InputError("--seconds_per_kimg goes with --dry_run or --budget_hours")
    if values.budget_hours is None:
        for name in ("devices", "exceed_budget"):
            if values[name].value:
                raise InputError(f"--{name} goes with --budget_hours")


def measured_parts(lab: Lab, experiments: Sequence[Experiment]) -> dict[Spec, Cost]:
    """The costs of the parts of what is missing, here or on the device that a flag names."""
    from gan_knowledge_gaps.lab.planning.costs import cost_classes, measure_parts, scaled

    known = flags.FLAGS.seconds_per_kimg
    specs = run.all_specs(lab, [spec for each in experiments for spec in each.specs])
    classes = cost_classes(lab.missing(specs))
    say("measuring a step of each kind of training")
    if not classes or known is None:
        return measure_parts(lab, classes)
    if not lab.config.families:
        raise InputError("--seconds_per_kimg is a GAN's time, and no GAN is trained here")
    plain = GAN(0, family=lab.config.families[0].name)
    parts = measure_parts(lab, classes | {plain})
    return scaled(parts, plain, known * plain.batch_size(lab.config) / 1000)


class Budget:
    """Hours on devices, and what fits there.

    Args:
        lab: where everything would be trained.
        hours: wall time.
        devices: that train side by side.
        parts: the costs of the parts of all cost classes, of one device.
    """

    def __init__(self, lab: Lab, hours: float, devices: int, parts: dict[Spec, Cost]):
        self._lab, self.hours, self.devices, self._parts = lab, hours, devices, parts

    def seconds(self, experiments: Sequence[Experiment]) -> float:
        """The wall time of what is missing of experiments."""
        from gan_knowledge_gaps.lab.planning.costs import combined, cost_classes

        specs = run.all_specs(self._lab, [spec for each in experiments for spec in each.specs])
        missing = self._lab.missing(specs)
        plan = estimate(self._lab, missing, combined(self._parts, cost_classes(missing)))
        return on_devices(plan.seconds, self.devices, plan.speedups)[0]

    def fits(self, experiments: Sequence[Experiment]) -> bool:
        """Whether experiments end within the hours."""
        return self.seconds(experiments) <= self.hours * HOUR

    def largest(self, experiments: Sequence[Experiment]) -> tuple[int, int] | None:
        """The caps of instances and of iterations at which experiments fit; see `largest`."""
        sizes = [each.config for each in experiments]
        instances = max(getattr(size, name, 1) for size in sizes for name in INSTANCES)
        iterations = max(getattr(size, ITERATIONS, 1) for size in sizes)
        return largest(lambda *caps: self.fits(cut(experiments, caps)), instances, iterations)


def cut(experiments: Sequence[Experiment], caps: tuple[int, int]) -> list[Experiment]:
    """Experiments with at most so many instances and iterations."""
    return [each.resized(each.config.capped(*caps)) for each in experiments]


def largest(
    fits: Callable[[int, int], bool], instances: int, iterations: int
) -> tuple[int, int] | None:
    """The largest caps that fit: iterations come before instances, of which two are enough.

    Args:
        fits: whether what has at most so many instances of a kind, and iterations, does.
        instances: most of a kind that are asked for.
        iterations: that are asked for.

    Returns:
        The most iterations, from 2 on, that fit with two instances of a kind, then the most
        instances; only where none does, one instance. None if nothing fits.
    """
    for least in dict.fromkeys((min(2, instances), 1)):
        for number in range(iterations, min(2, iterations) - 1, -1):
            if not fits(least, number):
                continue
            low, high = least, instances + 1  # low fits
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if fits(middle, number) else (low, middle)
            return low, number
    return None


def overrides(asked: Experiment, fitting: Experiment) -> str:
    """The flags that make one experiment of another of its kind."""
    before, after = vars(asked.config), vars(fitting.config)
    changed = [name for name in before if before[name] != after[name]]
    return " ".join(f"--experiment_{name}={after[name]}" for name in changed)


def check(
    lab: Lab, experiments: Sequence[Experiment], parts: dict[Spec, Cost] | None = None
) -> None:
    """Prints what fits in the budget of the flags, if there is one.

    Args:
        lab: where everything would be trained.
        experiments: what is asked for: one experiment, or all of a command over several.
        parts: the costs of the parts of all cost classes, where they were measured already.

    Raises:
        InputError: it does not fit, and it was to be started.
    """
    values = flags.FLAGS
    if values.budget_hours is None:
        return
    if parts is None:
        parts = measured_parts(lab, experiments)
    budget = Budget(lab, values.budget_hours, values.devices or 1, parts)
    lines, better = describe(budget, experiments)
    print("\n".join(lines), flush=True)  # hours before the next line
    if better is None or values.dry_run or values.exceed_budget:
        return
    advice = f"what fits: {better}" if better else "nothing of it fits"
    raise InputError(
        f"this takes more than {values.budget_hours:g} hours on {budget.devices} devices; "
        f"{advice}; --exceed_budget starts it all the same"
    )


def describe(budget: Budget, experiments: Sequence[Experiment]) -> tuple[list[str], str | None]:
    """What fits, line by line; and the flags that make it fit.

    Returns:
        The flags are None where everything fits as it is, and empty where nothing does.
    """
    asked = budget.seconds(experiments)
    devices = f"{budget.devices} device{'s' * (budget.devices > 1)}"
    lines = [f"budget: {duration(budget.hours * HOUR)} on {devices}"]
    if asked <= budget.hours * HOUR:
        return [*lines, f"fits as it is: {duration(asked)}"], None
    lines.append(f"does not fit as it is: {duration(asked)}")
    if len(experiments) == 1:
        return _of_one(budget, experiments[0], lines)
    return _of_several(budget, experiments, lines)


def _of_one(budget: Budget, asked: Experiment, lines: list[str]) -> tuple[list[str], str]:
    caps = budget.largest([asked])
    if caps is None:
        return [*lines, f"{asked.name}: nothing of it fits"], ""
    fitting = cut([asked], caps)
    flag_line = overrides(asked, *fitting)
    return [*lines, f"fits: {duration(budget.seconds(fitting))} with {flag_line}"], flag_line


def _of_several(
    budget: Budget, asked: Sequence[Experiment], lines: list[str]
) -> tuple[list[str], str]:
    """All with fewer instances and iterations; else the first ones, at the least."""
    caps, fitting = budget.largest(asked), list(asked)
    flag_line = ""
    if caps is None:
        caps, fitting = (1, 2), []
        for each in asked:
            if budget.fits(cut([*fitting, each], caps)):
                fitting.append(each)
        flag_line = f"--only={','.join(each.name for each in fitting)} "
    flag_line += f"--most_instances={caps[0]} --most_iterations={caps[1]}"
    lines = [*lines, *(_alone(budget, each) for each in asked)]
    if not fitting:
        return [*lines, "nothing fits"], ""
    took = duration(budget.seconds(cut(fitting, caps)))
    return [*lines, f"fits: {took} with {flag_line}"], flag_line


def _alone(budget: Budget, asked: Experiment) -> str:
    """What fits of one of several experiments, without the others."""
    seconds = budget.seconds([asked])
    if seconds <= budget.hours * HOUR:
        return f"  {asked.name} alone fits as it is: {duration(seconds)}"
    caps = budget.largest([asked])
    if caps is None:
        return f"  {asked.name} alone takes {duration(seconds)}; nothing of it fits"
    fitting = cut([asked], caps)
    took = duration(budget.seconds(fitting))
    return f"  {asked.name} alone fits: {took} with {overrides(asked, *fitting)}"
