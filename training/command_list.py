"""The commands of a room, by what their files say of themselves: `python -m stylegan2`."""

import ast
from pathlib import Path

_MAIN = "if __name__ == '__main__'"


def tell(file: str) -> None:
    """Prints the commands beside a room's `__main__.py`, with the first line of each.

    Args:
        file: `__file__` of that module.
    """
    room = Path(file).parent
    found = commands(room)
    width = max(map(len, found))
    print(f"{room.name} has these commands; each has --help:\n")
    for name, line in found.items():
        print(f"python -m {name:{width}}  {line}")


def commands(room: Path) -> dict[str, str]:
    """Names of the modules that can be run, and the first lines of their docstrings."""
    found = {}
    for path in sorted(room.rglob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        is_run = any(ast.unparse(node).startswith(_MAIN) for node in module.body)
        text = ast.get_docstring(module)
        if path != room / "__main__.py" and is_run and text:
            name = ".".join(path.relative_to(room.parent).with_suffix("").parts)
            found[name.removesuffix(".__main__")] = text.splitlines()[0]
    return found
