"""Reports of experiments: tables and figures beside the paper's numbers, as HTML, CSV and PNG.

values.py       Measurement: one value per instance, shown as mean±std
table.py        Table: our numbers and the paper's
formats.py      a table as CSV, JSON, Markdown and plain text
heat_map.py, error_curve.py    the figures, both on drawing.py
report.py       Report, Figure and Grid
page.py         write: everything above into a folder, with one self-contained index.html
index.py        write_index: one page over several of them
rendering.py    fills the templates of these pages, templates/
versions.py     software, hardware, commit
plain.py        values that strict JSON can express
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
