"""One page over several reports: what each found, its main figure, and the way to it."""

from os.path import relpath
from pathlib import Path
from urllib.parse import quote

from gan_knowledge_gaps.data import files, read_json
from gan_knowledge_gaps.data.json_files import FILE_NAME, TEXT
from gan_knowledge_gaps.report.rendering import render

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
    entries = [_entry(folder, path.parent) for folder in reports]
    files.write_text(path, render("index.html", title=title, settled=settled, entries=entries))
    return path


def _entry(folder: Path, here: Path) -> dict[str, object]:
    """A report's value with its page's `link` as seen from `here` and its main figure's bytes."""
    report = read_json(folder / "report.json", _SHAPE, "run its experiment again, which writes it")
    figure = folder / report["figures"][0]["file"] if report["figures"] else None
    return report | {
        "link": quote(relpath(folder / "index.html", here)),
        "png": figure.read_bytes() if figure and figure.is_file() else None,
    }
