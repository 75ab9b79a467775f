"""A score, which takes no TensorFlow to read and write."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Score:
    """One score of an evaluation.

    Attributes:
        name: FID, "frechet distance (random-vgg16)", ...
        value: the number.
        deviation: standard deviation over subsets, or None.
        taken: what it was taken from, besides what the whole report says.
    """

    name: str
    value: float
    deviation: float | None = None
    taken: dict[str, Any] = dataclasses.field(default_factory=dict)
