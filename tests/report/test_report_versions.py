import os
import platform
import subprocess
import sys
from importlib import metadata

import pytest

from gan_knowledge_gaps.report import collect
from gan_knowledge_gaps.report.versions import commit_of


def run_python(*arguments, paths=()):
    search = os.pathsep.join([*map(str, paths), *sys.path])
    command = [sys.executable, *arguments]
    environment = os.environ | {"PYTHONPATH": search}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def git(folder, *arguments):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    command = ("git", "-C", str(folder), *identity, *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip()


@pytest.fixture
def tracked(tmp_path):
    file = tmp_path / "code.py"
    file.write_text("1\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "--no-verify", "--message=first")
    return file


def test_versions_are_those_installed():
    found = collect()
    assert found["python"] == platform.python_version()
    assert found["numpy"] == metadata.version("numpy")
    assert found["scikit-learn"] == metadata.version("scikit-learn")
    assert found["cpu cores"] == os.cpu_count()
    assert found["cpu"]


def test_collecting_does_not_import_tensorflow():
    program = "import sys; from gan_knowledge_gaps import report; report.collect()\n"
    program += "print('tensorflow' in sys.modules)"
    assert run_python("-c", program) == "False"


def test_commit_is_gits_and_tells_of_changes(tracked, monkeypatch):
    commit = git(tracked.parent, "rev-parse", "HEAD")
    assert commit_of(tracked) == commit
    (tracked.parent / "result.csv").write_text("untracked")
    assert commit_of(tracked) == commit
    monkeypatch.setenv("GIT_DIR", str(tracked.parent / "nowhere"))
    assert commit_of(tracked) == commit
    tracked.write_text("2\n")
    assert commit_of(tracked) == f"{commit}+changes"


def test_commit_is_unknown_where_git_does_not_know_the_file(tracked, monkeypatch):
    installed = tracked.parent / "site-packages.py"
    installed.write_text("1\n")
    assert commit_of(installed) == "unknown"
    monkeypatch.setenv("PATH", "")
    assert commit_of(tracked) == "unknown"
    assert collect()["commit"] == "unknown"


def test_graphics_cards_are_listed_where_there_are_some(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho NVIDIA A\necho NVIDIA B\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert collect()["gpus"] == "NVIDIA A, NVIDIA B"
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert "gpus" not in collect()
