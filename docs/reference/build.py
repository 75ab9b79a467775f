"""Builds the API reference of `PAGES` from the docstrings: `make docs`.

    python docs/reference/build.py site

Needs the package pdoc, of the extra `docs`. Its own command line does not do: it would document
every module below a package, commands included, and finds no name that is attached lazily.
"""

import importlib
import re
import sys
import warnings
from pathlib import Path
from types import ModuleType

PACKAGE = "gan_knowledge_gaps"
# Of a room that has `__all__`, the page shows these names; of a module, all that it defines.
PAGES = (
    "data", "data.groups", "data.resize", "data.split",
    "classifiers", "classifiers.augmentation",
    "dcgan", "dcgan.family",
    "stylegan2", "stylegan2.family", "stylegan2.image_generator", "stylegan2.nvlabs",
    "stylegan2.ops",
    "training.family", "training.fooling", "training.jpeg", "training.keras_models",
    "training.loop", "training.task",
    "evaluation",
    "metrics", "metrics.calibration", "metrics.intervals", "metrics.prior",
    "report",
    "lab", "lab.families", "lab.measure", "lab.quality", "lab.specs",
)  # fmt: skip


def page(name: str) -> ModuleType:
    """The module of a page. Its lazily attached names are in its namespace, where pdoc looks."""
    module = importlib.import_module(f"{PACKAGE}.{name}")
    for each in getattr(module, "__all__", ()):
        vars(module)[each] = getattr(module, each)
    return module


def with_tables(docstring: str) -> str:
    """A module's docstring whose paragraphs of names and explanations in columns are Markdown code.

    Otherwise Markdown would join their lines.
    """
    paragraphs = docstring.split("\n\n")
    return "\n\n".join(
        re.sub("^", "    ", text, flags=re.MULTILINE) if re.match(r"\S.*?\S {2,}\S", text) else text
        for text in paragraphs
    )


def is_shown(member) -> bool:
    """Whether a page shows a member of a class.

    Attributes stand in their class's docstring, and their types and defaults in its constructor.
    pdoc hides what a class inherits from others than those of the pages, but would link to it.
    """
    is_ours = not member.is_inherited or member.taken_from[0].startswith(PACKAGE)
    return is_ours and (member.kind != "variable" or bool(member.docstring))


def build(folder: Path) -> None:
    """Writes a page for each of `PAGES`, index.html and search.js; every warning is an error."""
    import pdoc

    pdoc.render.configure(
        docformat="google", template_directory=Path(__file__).parent, show_source=False
    )
    modules = {f"{PACKAGE}.{name}": pdoc.doc.Module(page(name)) for name in PAGES}
    for module in modules.values():
        module.docstring = with_tables(module.docstring)
        for each in module.classes:
            shown = {name: member for name, member in each.members.items() if is_shown(member)}
            each.members = shown
    written = {f"{name.replace('.', '/')}.html": module for name, module in modules.items()}
    with warnings.catch_warnings(action="error"):
        texts = {path: pdoc.render.html_module(module, modules) for path, module in written.items()}
        texts["index.html"] = pdoc.render.html_index(modules)
        texts["search.js"] = pdoc.render.search_index(modules)
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    print(folder / "index.html")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
