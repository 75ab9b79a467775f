"""What setup.py puts into the wheel."""

import ast
import importlib.metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_holds_every_file_that_the_code_opens():
    keywords = {
        keyword.arg: keyword.value
        for node in ast.walk(ast.parse((ROOT / "setup.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
    }
    held = {
        path
        for package, patterns in ast.literal_eval(keywords["package_data"]).items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    rooms = {path.parent for path in ROOT.glob("*/__init__.py")} - {ROOT / "tests"}
    opened = {
        path
        for room in rooms
        for path in room.rglob("*")
        if path.suffix in (".html", ".css", ".h", ".cc", ".cu", ".cuh")
    }
    assert ROOT / "report/templates/page.html" in opened
    assert opened <= held, sorted(opened - held)


def test_citation_and_changes_name_the_version_that_is_installed():
    version = importlib.metadata.version("gan-knowledge-gaps")
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
