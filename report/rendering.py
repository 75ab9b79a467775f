"""Fills the templates of report/templates; whatever text is put into one is escaped."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from gan_knowledge_gaps.data.time_spans import time_span
from gan_knowledge_gaps.report.drawing import DPI
from gan_knowledge_gaps.report.plain import plain, words


def render(template: str, **values: object) -> str:
    """A page: `template` is a file of report/templates, `values` what it names."""
    return _ENVIRONMENT.get_template(template).render(**values)


def overlaid(templates: Path) -> Environment:
    """What fills the templates of another folder, which may use those of report/templates."""
    return _ENVIRONMENT.overlay(loader=ChoiceLoader([FileSystemLoader(templates), _LOADER]))


def _paragraphs(text: str) -> list[str]:
    """The parts between blank lines."""
    return [part.strip() for part in text.split("\n\n") if part.strip()]


def _branches(value: object) -> Mapping[str, object] | None:
    """What a plain value nests, by name or by index; None if it is shown on one line."""
    if isinstance(value, list) and any(isinstance(item, (Mapping, list)) for item in value):
        return {str(index): item for index, item in enumerate(value)}
    return value if isinstance(value, Mapping) and value else None


def _printed_width(png: bytes) -> int:
    """Width in CSS pixels, 96 to the inch, at which a figure's type has its nominal size."""
    with Image.open(io.BytesIO(png)) as image:
        return round(image.width * 96 / DPI)


_LOADER = FileSystemLoader(Path(__file__).with_name("templates"))
_ENVIRONMENT = Environment(
    loader=_LOADER,
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters |= {
    "base64": lambda data: base64.b64encode(data).decode(),
    "branches": _branches,
    "duration": time_span,
    "paragraphs": _paragraphs,
    "plain": plain,
    "printed_width": _printed_width,
    "words": words,
}
