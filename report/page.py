"""Writes a report: tables, pictures, report.json and one self-contained index.html."""

import io
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from PIL import Image

from data import encode_png, files
from report import formats, markup
from report.drawing import DPI
from report.plain import plain
from report.report import Report
from report.style import CSS


def write(report: Report, folder: Path) -> Path:
    """Writes all of a report into a folder, which is made if need be.

    The folder receives every table as CSV, JSON and Markdown, every figure and grid as PNG,
    report.json with everything a program could want, and last index.html, which holds its pictures
    and style within itself. Files of the same names are replaced, each one whole.

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
    files.write_text(page, _page(report, folder, written))
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


def duration(seconds: float) -> str:
    """A time span in its two largest units, e.g. '1 h 12 min'."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def _page(report: Report, folder: Path, written: str) -> str:
    blocks = [
        _opening(report),
        _results(report, folder),
        _samples(report, folder),
        _differences(report),
        _origin(report, written),
    ]
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(report.title)}</title>\n<style>{CSS}</style>\n</head>\n<body>",
            *blocks,
            "</body>\n</html>\n",
        )
    )


def _opening(report: Report) -> str:
    return f"""<header>
<h1>{escape(report.title)}</h1>
{markup.paragraphs(report.question, "question")}
</header>
<div class="pair">
<section class="card"><h2>The paper</h2>{markup.paragraphs(report.paper_claim)}</section>
<section class="card"><h2>This reproduction</h2>{markup.paragraphs(report.summary)}</section>
</div>
{markup.facts(plain(report.facts))}"""


def _results(report: Report, folder: Path) -> str:
    figures = []
    for figure in report.figures:
        png = (folder / f"{figure.name}.png").read_bytes()
        picture = markup.image(png, figure.caption, _printed_width(png))
        scope = f'<br><span class="scope">{escape(report.scope())}</span>'
        figures.append(
            f'<figure class="result"><div class="scroll figure" tabindex="0">{picture}</div>'
            f"<figcaption>{escape(figure.caption)}{scope}</figcaption></figure>"
        )
    tables = [markup.table(table) for table in report.tables]
    return _section("Results", "\n".join([*figures, *tables]))


def _printed_width(png: bytes) -> int:
    """Width in CSS pixels, 96 to the inch, at which a figure's type has its nominal size."""
    with Image.open(io.BytesIO(png)) as image:
        return round(image.width * 96 / DPI)


def _samples(report: Report, folder: Path) -> str:
    figures = []
    for grid in report.grids:
        picture = markup.image((folder / f"{grid.name}.png").read_bytes(), grid.title)
        caption = f"<figcaption>{escape(grid.caption)}</figcaption>"
        figures.append(f"<figure><h3>{escape(grid.title)}</h3>{picture}{caption}</figure>")
    content = f'<div class="samples">{"".join(figures)}</div>' if figures else ""
    return _section("Samples", content)


def _differences(report: Report) -> str:
    content = markup.bullets(report.notes) if report.notes else ""
    return _section("Differences from the paper", content)


def _origin(report: Report, written: str) -> str:
    parts = {
        "Configuration": report.configuration,
        "Seeds": report.seeds,
        "Artifacts behind the numbers": report.provenance,
        "Versions and hardware": report.versions,
    }
    folded = [markup.details(title, markup.tree(plain(v))) for title, v in parts.items() if v]
    time = f"{duration(report.wall_time_seconds)}, finished {written}"
    command = f"<pre>{escape(report.command)}</pre>"
    everything = '<a href="report.json">report.json</a>'
    summary = f'<p class="small">Trainings took {time}. All of this as {everything}.</p>'
    return _section("How it was obtained", "\n".join([command, summary, *folded]))


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{content}\n</section>" if content else ""
