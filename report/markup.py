"""Pieces of a report's page as HTML; every text is escaped here."""

import base64
from collections.abc import Iterable, Mapping
from html import escape

from report.plain import words
from report.table import Table


def paragraphs(text: str, style: str = "") -> str:
    """Text as paragraphs, parted where it has blank lines."""
    attribute = f' class="{style}"' if style else ""
    parts = (part.strip() for part in text.split("\n\n"))
    return "\n".join(f"<p{attribute}>{escape(part)}</p>" for part in parts if part)


def bullets(texts: Iterable[str]) -> str:
    """Texts as an unordered list."""
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def image(png: bytes, text: str, width: int | None = None) -> str:
    """A PNG within the page itself, with `text` for those who do not see it.

    Args:
        png: the file's bytes.
        text: what is to be seen.
        width: in CSS pixels, by default the image's own. Narrower screens shrink the image, but no
            further than legible.
    """
    data = base64.b64encode(png).decode()
    size = f' style="width:{width}px;min-width:min({width}px,34rem)"' if width else ""
    return f'<img src="data:image/png;base64,{data}" alt="{escape(text)}"{size}>'


def facts(values: Mapping[str, object]) -> str:
    """A few plain values side by side, each under its name."""
    pairs = ((escape(name), escape(words(value))) for name, value in values.items())
    items = "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in pairs)
    return f'<dl class="facts">{items}</dl>'


def tree(value: object) -> str:
    """Any plain value: mappings as nested definition lists, sequences separated by commas."""
    if isinstance(value, Mapping):
        return f'<dl class="tree">{"".join(_branch(k, v) for k, v in value.items())}</dl>'
    return escape(words(value))


def _branch(name: str, value: object) -> str:
    if isinstance(value, list) and any(isinstance(item, (Mapping, list)) for item in value):
        value = {str(index): item for index, item in enumerate(value)}
    if isinstance(value, Mapping) and value:
        return f'<dt class="nested">{escape(name)}</dt><dd class="nested">{tree(value)}</dd>'
    return f"<dt>{escape(name)}</dt><dd>{escape(words(value))}</dd>"


def details(title: str, content: str) -> str:
    """Content that opens at a click."""
    return f"<details><summary>{escape(title)}</summary><div>{content}</div></details>"


def table(content: Table) -> str:
    """A table with its title, caption and scope, the paper's numbers small beneath ours."""
    return "\n".join(
        (
            f'<section class="result" id="{escape(content.name)}">',
            f"<h3>{escape(content.title)}</h3>",
            paragraphs(content.caption, "small"),
            f'<div class="scroll" tabindex="0"><table class="numbers">{_head(content)}',
            f"<tbody>{_body(content)}</tbody></table></div>",
            _footer(content),
            "</section>",
        )
    )


def _head(content: Table) -> str:
    corner = f'<th class="corner" scope="col">{escape(content.row_label)}</th>'
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in content.columns)
    across = ""
    if content.column_label:
        span = f'<th class="across" colspan="{len(content.columns)}">'
        across = f'<tr><td class="corner"></td>{span}{escape(content.column_label)}</th></tr>'
    return f"<thead>{across}<tr>{corner}{names}</tr></thead>"


def _body(content: Table) -> str:
    ours = content.texts()
    paper = content.paper_texts() or ((None,) * len(content.columns),) * len(content.rows)
    lines = []
    for row, numbers, printed in zip(content.rows, ours, paper, strict=True):
        cells = "".join(_cell(a, b) for a, b in zip(numbers, printed, strict=True))
        lines.append(f'<tr><th scope="row">{escape(row)}</th>{cells}</tr>')
    return "\n".join(lines)


def _cell(ours: str, paper: str | None) -> str:
    below = f'<span class="paper">{escape(paper)}</span>' if paper else ""
    return f'<td><span class="ours">{escape(ours)}</span>{below}</td>'


def _footer(content: Table) -> str:
    parts = [content.spread(), content.scope]
    if content.paper:
        scope = f" ({content.paper_scope})" if content.paper_scope else ""
        parts.append(f"small grey: the paper's numbers{scope}")
    files = " · ".join(
        f'<a href="{escape(content.name)}.{ending}">{label}</a>'
        for ending, label in (("csv", "CSV"), ("json", "JSON"), ("md", "Markdown"))
    )
    lines = [*(escape(part) for part in parts if part), files]
    return f'<p class="scope">{"<br>".join(lines)}</p>'
