"""Reports: what an experiment found, beside the paper's numbers, as files anyone can open.

values.py       Measurement: one value per instance, shown as mean±std
table.py        Table: our numbers and the paper's
formats.py      a table as CSV, JSON, Markdown and plain text
figures.py      heat_map (heat_map.py) and error_curve (error_curve.py), both on drawing.py
report.py       Report, Figure and Grid
page.py         write: everything above into a folder, with one self-contained index.html
index.py        write_index: one page over several of them
rendering.py    fills the templates of these pages, templates/
versions.py     software, hardware, commit
plain.py        values that strict JSON can express
"""

from report.figures import error_curve, heat_map
from report.formats import to_csv, to_json, to_markdown, to_text
from report.index import write_index
from report.page import write
from report.report import Figure, Grid, Report
from report.table import Table
from report.values import Measurement
from report.versions import collect

__all__ = [
    "Figure",
    "Grid",
    "Measurement",
    "Report",
    "Table",
    "collect",
    "error_curve",
    "heat_map",
    "to_csv",
    "to_json",
    "to_markdown",
    "to_text",
    "write",
    "write_index",
]
