"""A measured number: one value per instance (or pair of instances), shown as mean±std."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """Values measured on several trained instances, or pairs of them.

    Attributes:
        values: one finite float per instance; stored as Python floats whatever real numbers are
            given. Empty means not measured.

    Example:
        >>> from gan_knowledge_gaps.report import Measurement
        >>> str(Measurement((0.25, 0.75)))
        '0.50±0.25'
    """

    values: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(float(value) for value in self.values))

    @property
    def count(self) -> int:
        """Number of values."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """Arithmetic mean; NaN without values."""
        return sum(self.values) / self.count if self.values else math.nan

    @property
    def std(self) -> float:
        """Population standard deviation (ddof=0): 0 for a single value, NaN without values."""
        if not self.values:
            return math.nan
        mean = self.mean
        return math.sqrt(sum((value - mean) ** 2 for value in self.values) / self.count)

    def format(self, digits: int = 2) -> str:
        """The measurement as the paper prints it.

        Args:
            digits: decimals of mean and std.

        Returns:
            'mean±std'; the mean alone for a single value, whose spread is unknown; 'n/a' where
            there is no number.
        """
        mean = format_number(self.mean, digits)
        if self.count < 2 or not math.isfinite(self.mean):
            return mean
        return f"{mean}±{format_number(self.std, digits)}"

    def __str__(self) -> str:
        return self.format()


def format_number(value: float, digits: int) -> str:
    """A float with `digits` decimals, 'n/a' for NaN; never '-0.00'."""
    return "n/a" if math.isnan(value) else f"{value:z.{digits}f}"
