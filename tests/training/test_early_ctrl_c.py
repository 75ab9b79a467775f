"""Ctrl-C while a command starts: one line and the code 130, whatever is being imported."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [
    "data.convert", "data.verify", "stylegan2.train", "stylegan2.generate", "classifiers.detect",
    "experiments.all",
]  # fmt: skip
INTERRUPT = "import os, signal; os.kill(os.getpid(), signal.SIGINT)\n"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """A command that finds modules in a folder first; Ctrl-C has its usual effect."""
    path = os.pathsep.join([str(folder), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, timeout=100, check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_during_an_import_it_is_one_line(tmp_path, command):
    (tmp_path / "tqdm.py").write_text(INTERRUPT)
    done = run(tmp_path, "-m", command)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped\n")


@pytest.mark.parametrize("command", ["experiments.iterations", "experiments.truncation"])
def test_while_tensorflow_is_imported_the_line_says_that_it_resumes(tmp_path, command):
    (tmp_path / "tensorflow.py").write_text(INTERRUPT)
    done = run(tmp_path, "-m", command, f"--workdir={tmp_path / 'runs'}")
    line = "stopped; the same command resumes\n"
    assert (done.returncode, done.stdout, done.stderr) == (130, "", line)


def test_while_flags_are_read_it_is_one_line(tmp_path):
    (tmp_path / "tqdm.py").write_text(
        "from absl import flags\n"
        "import os, signal\n"
        "class tqdm: pass\n"
        "flags.FlagValues.__call__ = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
    )
    done = run(tmp_path, "-m", "data.convert")
    assert (done.returncode, done.stderr) == (130, "stopped\n")


def test_another_program_keeps_its_own_way(tmp_path):
    (tmp_path / "tqdm.py").write_text(INTERRUPT)
    done = run(tmp_path, "-c", "from gan_knowledge_gaps import data")
    assert done.returncode != 130 and "KeyboardInterrupt" in done.stderr
