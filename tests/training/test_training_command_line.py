"""The command that started a program, as it can be typed again."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("module", "name"), [("pack.run", "run"), ("pack", "__main__")])
def test_the_command_line_can_be_typed_again(module, name, tmp_path):
    (tmp_path / "pack").mkdir()
    program = (
        "from gan_knowledge_gaps.training.command_line import command_line; print(command_line())"
    )
    (tmp_path / "pack" / f"{name}.py").write_text(program)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-m", module, "--note=two words"],
        capture_output=True, text=True, env=environment, check=True,
    )  # fmt: skip
    assert done.stdout == f"python -m {module} '--note=two words'\n"
