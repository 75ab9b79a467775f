"""The time and the disk of all trainings of a plan."""

import dataclasses
from collections.abc import Mapping

from experiments.lab import Lab
from experiments.planning.kinds import Kind, kind_of
from experiments.planning.measuring import Cost
from experiments.specs import GAN, Snapshot, Spec, Truncated


@dataclasses.dataclass(frozen=True)
class Bill:
    """What the missing values of a plan take.

    Attributes:
        seconds: of each missing value, on one device; 0 for what is only derived.
        networks: bytes of the networks that stay.
        checkpoints: bytes, at most, of the checkpoints that stay until they are removed.
        speedups: how much faster a training is on so many devices than on one.
    """

    seconds: dict[Spec, float]
    networks: int
    checkpoints: int
    speedups: Mapping[int, float]

    @property
    def trainings(self) -> list[Spec]:
        """Those values that are trained, not only derived."""
        return [spec for spec in self.seconds if kind_of(spec) is not None]

    @property
    def device_seconds(self) -> float:
        """Of all trainings, one after another on one device."""
        return sum(self.seconds.values())


def bill(lab: Lab, missing: list[Spec], costs: Mapping[Kind, Cost]) -> Bill:
    """Adds up what missing values take.

    Args:
        lab: where they would be trained.
        missing: the values.
        costs: of all kinds behind them.
    """
    images = len(lab.dataset.train)
    seconds = dict.fromkeys(missing, 0.0)
    networks = checkpoints = 0
    for spec in missing:
        networks += _networks(spec, costs)
        if (kind := kind_of(spec)) is not None:
            seconds[spec] = lab.setting.steps(spec, images) * costs[kind].seconds
            checkpoints += lab.loop_config.keep_checkpoints * costs[kind].checkpoint
    return Bill(seconds, networks, checkpoints, lab.setting.speedups)


def _networks(spec: Spec, costs: Mapping[Kind, Cost]) -> int:
    """Bytes of the networks that a value's artifact keeps."""
    match spec:
        case Snapshot() | Truncated():  # A copy of their GAN's.
            return costs[kind_of(spec.gan)].model
        case GAN():
            cost = costs[kind_of(spec)]
            return cost.networks + spec.snapshots * cost.model
    return costs[kind_of(spec)].networks
