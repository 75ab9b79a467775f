"""Who may import whom: `data` and `metrics` nobody; `lab` all but `experiments`; see MAY_IMPORT."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "gan_knowledge_gaps"
MAY_IMPORT = {
    "data": set(),
    "metrics": set(),
    "report": {"data"},
    "training": {"data"},
    "dcgan": {"training", "data"},
    "classifiers": {"training", "data", "metrics", "report"},
    "evaluation": {"training", "data", "metrics"},
    "stylegan2": {"training", "data", "metrics", "report", "evaluation"},
}
MAY_IMPORT["lab"] = set(MAY_IMPORT)
MAY_IMPORT["experiments"] = set(MAY_IMPORT)

# Commands of `data`: they use the command line and the progress that every command shares. No
# module of the project imports them, so that importing `data` takes nothing of `training`.
COMMANDS = {f"data/{name}.py": {"training"} for name in ("__main__", "convert", "verify")}

MOST_LINES = 90  # of an experiment's script


def imported_rooms(path: Path) -> set[str]:
    """The rooms that a file imports from, at its top or inside a function."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    assert not {name.partition(".")[0] for name in names} & set(MAY_IMPORT), f"{path}: no package"
    return {name.split(".")[1] for name in names if name.startswith(f"{PACKAGE}.")} - {PACKAGE}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_rooms_import_only_what_they_may(room):
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        forbidden = imported_rooms(path) - MAY_IMPORT[room] - {room} - COMMANDS.get(name, set())
        assert not forbidden, f"{name} imports {sorted(forbidden)}"


def test_nobody_imports_a_command_of_data():
    modules = {f"{PACKAGE}.{name.removesuffix('.py').replace('/', '.')}" for name in COMMANDS}
    for room in MAY_IMPORT:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    names = [alias.name for alias in node.names]
                    parent = getattr(node, "module", None)
                    imported = {f"{parent}.{name}" for name in names} | {parent, *names}
                    assert not imported & modules, f"{path.relative_to(ROOT)}: {imported}"


def test_an_experiments_script_is_short_and_another_module_shows_it():
    catalog = ast.parse((ROOT / "experiments/catalog.py").read_text(encoding="utf-8")).body
    modules = {node.module for node in catalog if isinstance(node, ast.ImportFrom)}
    scripts = {name.rpartition(".")[2] for name in modules} - {"experiment"}
    assert "generalization" in scripts
    for name in scripts | {"cross_generator"}:
        text = (ROOT / f"experiments/{name}.py").read_text(encoding="utf-8")
        assert len(text.splitlines()) <= MOST_LINES, name
        assert (ROOT / f"experiments/shown/{name}.py").is_file(), name


def test_models_come_in_through_one_door():
    for room in MAY_IMPORT:
        for path in (ROOT / room).rglob("*.py"):
            if path != ROOT / "training/keras_models.py":
                assert "models.load_model(" not in path.read_text(encoding="utf-8"), path


def test_data_works_without_tensorflow():
    for path in (ROOT / "data").rglob("*.py"):
        top = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import)]
        modules = {alias.name.partition(".")[0] for node in top for alias in node.names}
        assert not modules & {"tensorflow", "keras"}, path
