"""The figures of the reports, drawn with matplotlib and saved as PNG."""

from experiments.report.error_curve import error_curve
from experiments.report.heat_map import heat_map

__all__ = ["error_curve", "heat_map"]
