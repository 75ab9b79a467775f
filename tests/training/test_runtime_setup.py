"""TensorFlow starts without its notices, with everything else that is said, and deterministic."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = ("TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS")
# A TensorFlow that starts at once, and writes as native code does: past sys.stderr.
FAKE = f"""
import os
os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written\\n")
os.write(2, b"I0000 port.cc:153] oneDNN custom operations are on. You may see\\n")
os.write(2, b"E0000 the driver is \\xff too old\\n")
print(*(os.environ[name] for name in {SETTINGS}))
"""


def python(code: str, *paths: Path, **environment: str) -> subprocess.CompletedProcess:
    inherited = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    search = os.pathsep.join(map(str, (*paths, ROOT)))
    return subprocess.run(
        [sys.executable, "-c", code], env={**inherited, "PYTHONPATH": search, **environment},
        capture_output=True, text=True, errors="replace", timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def fake(tmp_path):
    """A folder with a module named tensorflow, of the given code."""

    def write(code: str) -> Path:
        (tmp_path / "tensorflow.py").write_text(code)
        return tmp_path

    return write


REAL = """
from gan_knowledge_gaps.training.runtime import configure, prepare_import
prepare_import()
import keras
import tensorflow as tf
print(float(tf.reduce_sum(tf.matmul(tf.ones((9, 9)), tf.ones((9, 9))))))
configure()
configure()
try:
    tf.random.normal((2,))
except RuntimeError as error:
    print(error)
"""


@pytest.mark.long
def test_the_real_one_starts_silently_and_then_draws_nothing_without_a_seed():
    finished = python(REAL)
    total, error = finished.stdout.splitlines()
    assert total == "729.0"
    assert "require a seed" in error
    assert finished.stderr == ""


def test_what_else_is_said_during_the_import_is_passed_on(fake):
    finished = python(
        "from gan_knowledge_gaps.training.runtime import prepare_import\n"
        "prepare_import(); import tensorflow\n"
        "import os, sys; os.write(2, b'later\\n'); sys.stderr.write('last\\n')\n",
        fake(FAKE),
    )
    assert finished.stdout == "2 tensorflow 1\n"
    assert finished.stderr == "E0000 the driver is \ufffd too old\nlater\nlast\n"


def test_a_failed_import_is_seen_with_what_was_said_before(fake):
    finished = python(
        "from gan_knowledge_gaps.training.runtime import prepare_import\n"
        "prepare_import(); import tensorflow",
        fake("import os; os.write(2, b'undefined symbol\\n'); raise ImportError('broken')"),
    )
    assert finished.returncode == 1
    assert finished.stderr.startswith("undefined symbol\n")
    assert "ImportError: broken" in finished.stderr


def test_the_users_own_settings_stay(fake):
    code = "from gan_knowledge_gaps.training.runtime import prepare_import\n"
    code += "prepare_import(); prepare_import(); import tensorflow, tensorflow"
    finished = python(code, fake(FAKE), TF_CPP_MIN_LOG_LEVEL="0", TF_ENABLE_ONEDNN_OPTS="0")
    assert finished.stdout == "0 tensorflow 0\n"  # and it is imported once


def test_importing_training_imports_no_tensorflow_and_a_command_sets_it_up_when_it_comes(fake):
    finished = python(
        "import sys, importlib.util\n"
        "from gan_knowledge_gaps.training import runtime\n"
        "runtime.configure = lambda: print('set up')\n"
        "runtime.configure_on_import()\n"
        "importlib.util.find_spec('tensorflow')\n"
        "print('tensorflow' in sys.modules)\n"
        "import tensorflow\n"
        "print('imported')\n",
        fake(FAKE),
    )
    assert finished.stdout == "False\n2 tensorflow 1\nset up\nimported\n"
    assert finished.stderr == "E0000 the driver is \ufffd too old\n"
