"""One page over several reports: what each found, its main figure, and the way to it."""

from html import escape
from os.path import relpath
from pathlib import Path
from urllib.parse import quote

from data import files, read_json
from data.json_files import FILE_NAME, TEXT
from report.markup import facts, image, paragraphs
from report.style import CSS

_SHAPE = {
    "title": TEXT, "facts": {"scale?": TEXT}, "paper_claim": TEXT, "summary": TEXT,
    "figures": [{"file": FILE_NAME, "caption": TEXT}],
}  # fmt: skip


def write_index(path: Path, title: str, reports: list[Path], settled: dict[str, str]) -> Path:
    """Writes the page, which holds its pictures and style within itself.

    Args:
        path: the HTML file.
        title: one line.
        reports: folders that `write` has filled, in the order of the page.
        settled: what holds for all of them, by name.

    Returns:
        `path`.

    Raises:
        InputError: a folder's report is missing or damaged.
    """
    entries = "\n".join(_entry(folder, path.parent) for folder in reports)
    page = "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>",
            f"<header><h1>{escape(title)}</h1></header>",
            facts(settled),
            entries,
            "</body>\n</html>\n",
        )
    )
    files.write_text(path, page)
    return path


def _entry(folder: Path, here: Path) -> str:
    report = read_json(folder / "report.json", _SHAPE, "run its experiment again, which writes it")
    heading, scale = report["title"], report["facts"].get("scale", "")
    texts = report["paper_claim"], report["summary"]
    figures = [(each["file"], each["caption"]) for each in report["figures"]]
    link = quote(relpath(folder / "index.html", here))
    picture = ""
    if figures and (folder / figures[0][0]).is_file():
        png = (folder / figures[0][0]).read_bytes()
        picture = f'<div class="figure scroll">{image(png, figures[0][1])}</div>'
    claim, summary = (paragraphs(text) for text in texts)
    return f"""<section class="result">
<h2><a href="{link}">{escape(heading)}</a></h2>
<p class="scope">{escape(scale)}</p>
<div class="pair">
<section class="card"><h2>The paper</h2>{claim}</section>
<section class="card"><h2>This reproduction</h2>{summary}</section>
</div>
{picture}
</section>"""
