"""The figures of the reports, drawn with matplotlib and saved as PNG."""

from report.error_curve import error_curve
from report.heat_map import heat_map

__all__ = ["error_curve", "heat_map"]
