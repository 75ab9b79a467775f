"""What the documents tell a reader to type is there: every command, and every flag of it."""

import re
from pathlib import Path

import commands
import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md")
ROOMS = "classifiers|data|evaluation|experiments|stylegan2|training"
# A command ends with its line, unless that ends in a backslash, or with its backticks.
COMMAND = re.compile(rf"python -m ((?:{ROOMS})\.[\w.]*\w)((?:[^\n`|\\]|\\\n|\\)*)")
FLAG = re.compile(r"--([a-z][a-z0-9_]*)")


def documented() -> dict[str, set[str]]:
    """The flags that the documents give to each command."""
    found: dict[str, set[str]] = {}
    for path in DOCUMENTS:
        for module, rest in COMMAND.findall(path.read_text(encoding="utf-8")):
            found.setdefault(module, set()).update(FLAG.findall(rest))
    return found


def test_the_documents_have_commands():
    found = documented()
    assert len(found) > 25
    assert {"run", "data", "preset"} <= found["stylegan2.train"]


@pytest.mark.long
@pytest.mark.parametrize("module", sorted(documented()))
def test_a_command_of_the_documents_takes_their_flags(module):
    settings = ("dcgan", "stylegan2") if module.startswith("experiments.") else ("",)
    known = {"help", "helpfull", "version"}
    for setting in settings:
        given = [f"--setting={setting}"] if setting else []
        done = commands.run("-m", module, "--helpfull", *given)
        assert done.returncode == 0, done.stderr
        known |= {
            name
            for no, name in re.findall(r"--(\[no\])?([a-z][a-z0-9_]*)", done.stdout)
            for name in ((name, f"no{name}") if no else (name,))
        }
    assert documented()[module] <= known
