"""The commands of a room, by what their files say of themselves: `python -m stylegan2`."""

import ast
from pathlib import Path

_MAIN = '\nif __name__ == "__main__":\n'
_ROOT = Path(__file__).parent.parent
# In a clone the rooms lie beside the package, installed in it.
START = "python -m" if (_ROOT / "gan_knowledge_gaps").is_dir() else "gaps"


def tell(file: str) -> None:
    """Prints the commands beside a room's `__main__.py`, with the first line of each.

    Args:
        file: `__file__` of that module.
    """
    room = Path(file).parent
    print(f"{room.name} has these commands; each has --help:\n")
    print(listed(commands(room)))


def listed(found: dict[str, str], start: str = START) -> str:
    """Lines of how each command is started and what it does."""
    width = max(map(len, found))
    return "\n".join(f"{start} {name:{width}}  {line}" for name, line in found.items())


def commands(room: Path) -> dict[str, str]:
    """Names of the modules that can be run, and the first lines of their docstrings."""
    found = {}
    for path in sorted(room.rglob("*.py")):
        code = path.read_text(encoding="utf-8")
        if _MAIN not in code or path == room / "__main__.py":
            continue
        if text := ast.get_docstring(ast.parse(code)):
            name = ".".join(path.relative_to(room.parent).with_suffix("").parts)
            found[name.removesuffix(".__main__")] = text.splitlines()[0]
    return found


def is_command(name: str) -> bool:
    """Whether a name is that of a command; reads the files of its room only."""
    room = _ROOT / name.partition(".")[0]
    return (room / "__main__.py").is_file() and name in commands(room)


def all_commands() -> dict[str, str]:
    """Those of every room that lists its own."""
    rooms = sorted(path.parent for path in _ROOT.glob("*/__main__.py"))
    return {name: line for room in rooms for name, line in commands(room).items()}
