"""Writes a report: tables, pictures, report.json and one self-contained index.html."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from gan_knowledge_gaps.data import encode_png, files
from gan_knowledge_gaps.report import formats
from gan_knowledge_gaps.report.plain import plain
from gan_knowledge_gaps.report.rendering import render
from gan_knowledge_gaps.report.report import Report


def write(report: Report, folder: Path, links: Mapping[str, str] | None = None) -> Path:
    """Writes all of a report into a folder, which is made if need be.

    The folder receives every table as CSV, JSON and Markdown, every figure and grid as PNG,
    report.json with everything a program could want, and last index.html, which holds its pictures
    and style within itself. Files of the same names are replaced, each one whole.

    Args:
        report: what is written.
        folder: where to.
        links: addresses of what the provenance names, by key, as seen from the page.

    Returns:
        The path of index.html.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for table in report.tables:
        files.write_text(folder / f"{table.name}.csv", formats.to_csv(table))
        files.write_text(folder / f"{table.name}.json", formats.to_json(table))
        files.write_text(folder / f"{table.name}.md", formats.to_markdown(table))
    for figure in report.figures:
        figure.draw(folder / f"{figure.name}.png")
    for grid in report.grids:
        files.write_bytes(folder / f"{grid.name}.png", encode_png(grid.image))
    written = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    files.write_json(folder / "report.json", to_value(report) | {"written": written})
    page = folder / "index.html"
    names = [figure.name for figure in report.figures] + [grid.name for grid in report.grids]
    pictures = {name: (folder / f"{name}.png").read_bytes() for name in names}
    values = {
        "title": report.title, "report": report, "pictures": pictures, "written": written,
        "links": links or {},
    }  # fmt: skip
    files.write_text(page, render("page.html", **values))
    return page


def to_value(report: Report) -> dict[str, object]:
    """The report as a value for strict JSON; pictures by the names of their files."""
    parts = ("tables", "figures", "grids")
    fields = (name for name in vars(report) if name not in parts)
    value = {name: plain(getattr(report, name)) for name in fields}
    value["tables"] = [formats.to_value(table) for table in report.tables]
    value["figures"] = [
        {"name": figure.name, "caption": figure.caption, "file": f"{figure.name}.png"}
        for figure in report.figures
    ]
    value["grids"] = [
        {"name": g.name, "title": g.title, "caption": g.caption, "file": f"{g.name}.png"}
        for g in report.grids
    ]
    return value
