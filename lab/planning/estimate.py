"""The time and the disk of all trainings of a plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gan_knowledge_gaps.lab.specs import Spec

if TYPE_CHECKING:
    from gan_knowledge_gaps.lab.lab import Lab
    from gan_knowledge_gaps.lab.planning.costs import Cost


@dataclasses.dataclass(frozen=True)
class CostEstimate:
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
        return [spec for spec in self.seconds if spec.is_trained]

    @property
    def device_seconds(self) -> float:
        """Of all trainings, one after another on one device."""
        return sum(self.seconds.values())


def estimate(lab: Lab, missing: list[Spec], costs: Mapping[Spec, Cost]) -> CostEstimate:
    """Adds up what missing values take.

    Args:
        lab: where they would be trained.
        missing: the values.
        costs: of all their cost classes.
    """
    from gan_knowledge_gaps.lab.planning.costs import Cost

    images = len(lab.dataset.train)
    seconds = dict.fromkeys(missing, 0.0)
    networks = checkpoints = 0
    for spec in missing:
        cost = Cost(0.0, 0, 0, 0) if spec.cost_class is None else costs[spec.cost_class]
        networks += spec.network_bytes(cost.model, cost.networks)
        if spec.is_trained:
            seconds[spec] = spec.steps(lab.config, images) * cost.seconds
            checkpoints += lab.loop_config.keep_checkpoints * cost.checkpoint
    speedups = lab.config.families[0].speedups if lab.config.families else {1: 1.0}
    return CostEstimate(seconds, networks, checkpoints, speedups)
