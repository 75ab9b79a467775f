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
CODE_OR_HEADING = re.compile(r"^```\w*\n(.*?)^```|^#+ ([^\n]*)", re.MULTILINE | re.DOTALL)
FLAG = re.compile(r"--([a-z][a-z0-9_]*)")
HOURS, README = "hours at least", "README's of the same name, with PATH for its paths"
NOT_TYPED = {
    ("docs/detectors.md", "Look at the images first"): README,
    ("docs/detectors.md", "Train"): README,
    ("docs/detectors.md", "Evaluate"): README,
    ("docs/detectors.md", "Explain"): README,
    ("docs/detectors.md", "Export"): README,
    ("docs/detectors.md", "Try it on a page"): "without an end: tests/classifiers/test_serve.py",
    ("docs/executors.md", "slurm"): "tests/slurm",
    ("docs/executors.md", "Tested"): "tests",
    ("docs/gpu.md", "Build"): "tests/training/native",
    ("docs/many_machines.md", "One training on several machines"): "test_multi_worker_slurm.py",
    ("docs/many_machines.md", "Tested"): "tests",
    ("docs/reproducing.md", "quick"): "half an hour; tests/experiments/test_all.py",
    ("docs/reproducing.md", "reduced"): HOURS,
    ("docs/reproducing.md", "node: the DCGAN on MNIST, a day on 16 cores or one GPU"): HOURS,
    ("docs/reproducing.md", "node: StyleGAN2 on FFHQ, a week on eight GPUs"): HOURS,
    ("docs/reproducing.md", "A budget"): "a plan of the same; tests/experiments/test_budget.py",
    ("docs/reproducing.md", "paper: the DCGAN on MNIST"): HOURS,
    ("docs/reproducing.md", "paper: StyleGAN2 on FFHQ"): HOURS,
}


def documented() -> dict[str, set[str]]:
    """The flags that the documents give to each command."""
    found: dict[str, set[str]] = {}
    for path in DOCUMENTS:
        for module, rest in COMMAND.findall(path.read_text(encoding="utf-8")):
            found.setdefault(module, set()).update(FLAG.findall(rest))
    return found


def blocks() -> set[tuple[str, str]]:
    """The documents and headings below which a block of code has commands; not of results.md."""
    found = set()
    for path in DOCUMENTS:
        heading = ""
        for code, title in CODE_OR_HEADING.findall(path.read_text(encoding="utf-8")):
            heading = title or heading
            if re.search(r"^(\$ )?(\S+ )*python -m ", code, re.MULTILINE):
                found.add((path.relative_to(ROOT).as_posix(), heading))
    return {each for each in found if each[0] != "docs/results.md"}


def test_a_test_knows_every_block_of_commands_or_it_is_said_why_not():
    call = re.compile(r'in_blocks\(\s*"(.+?)", "(.+?)"\s*\)')
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    typed = {block for text in sources for block in call.findall(text)}
    assert not typed & NOT_TYPED.keys()
    assert blocks() == typed | NOT_TYPED.keys()


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
