"""What a whole plan would cost, as text: trainings, device-hours, wall time."""

from collections import Counter
from collections.abc import Mapping

from experiments.estimate import Kind, cost, hours, kind_of, on_devices
from experiments.lab import Lab
from experiments.specs import GAN, Spec, in_order

DEVICES = (1, 8, 64)
# StyleGAN2's published times of 1,000 images at 256x256: 112.5, 58.6, 30.7 and 16.4 s on 1, 2, 4
# and 8 V100s.
SPEEDUPS = {1: 1.0, 2: 112.5 / 58.6, 4: 112.5 / 30.7, 8: 112.5 / 16.4}


def scaled(seconds: Mapping[Kind, float], batch_size: int, seconds_per_kimg: float | None):
    """The seconds of steps on another device, all scaled by what is known of a plain GAN's there.

    Args:
        seconds: of a step of each kind, measured here.
        batch_size: images of a GAN's step.
        seconds_per_kimg: of 1,000 images of a GAN that fools nobody, there; None for here.
    """
    if seconds_per_kimg is None:
        return dict(seconds)
    factor = seconds_per_kimg * batch_size / 1000 / seconds[Kind(GAN.kind)]
    return {kind: factor * each for kind, each in seconds.items()}


def describe(lab: Lab, specs: list[Spec], seconds: Mapping[Kind, float]) -> str:
    """A table of the kinds of trainings that are missing, and what all of them take.

    Args:
        lab: where they would be trained.
        specs: all that is measured.
        seconds: of a step of each kind, on one device.
    """
    costs = cost(lab, specs, seconds)
    kinds = Counter(kind_of(spec) for spec in costs if kind_of(spec) is not None)
    lines = [f"{'trainings':>9}  {'a step':>9}  {'one of them':>13}  {'all':>13}  kind"]
    for kind, count in sorted(kinds.items()):
        taken = [each for spec, each in costs.items() if kind_of(spec) == kind]
        mean = sum(taken) / len(taken)
        times = f"{seconds[kind]:>7.3g} s  {hours(mean):>13}  {hours(sum(taken)):>13}"
        lines.append(f"{count:>9}  {times}  {kind}")
    done = len(in_order(specs)) - len(costs)
    lines.append(f"{sum(kinds.values())} to train, {done} of {len(in_order(specs))} values done")
    if not kinds:
        return "\n".join(lines)
    lines.append(f"on one device: {sum(costs.values()) / 3600:,.1f} device-hours")
    for devices in DEVICES:
        wall, each = on_devices(costs, devices, SPEEDUPS)
        lines.append(f"on {devices} devices, {each} to a training: {hours(wall)}")
    return "\n".join(lines)
